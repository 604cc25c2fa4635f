import { expect, test } from "vitest";
import { render } from "./markdown";

const HOSTILE = [
  "![x](https://evil.example/?q=1)",
  "![x](//evil.example/?q=1 'title')",
  "[x](https://evil.example)",
  "[x](javascript:alert(1))",
  "[x](data:text/html,<script>x()</script>)",
  "<https://evil.example>",
  "<x@evil.example>",
  "https://evil.example/plain and www.evil.example",
  "[x][1] ![x][1] [1]\n\n[1]: https://evil.example/x",
  "[![x](https://evil.example/a.png)](https://evil.example)",
  "![x][]\n\n[x]: <https://evil.example>",
  '<img src="https://evil.example/x.png" onerror="x()">',
  "<img/src=//evil.example>",
  "<script>x()</script>",
  "<svg onload=x()><iframe src=//evil.example></iframe></svg>",
  "<style>@import '//evil.example/a.css'</style>",
  "<a href=//evil.example>x</a>",
  "<!-- --><base href=//evil.example>",
  "<form action=//evil.example><input></form>",
  "<video src=//evil.example autoplay></video>",
  '<div style="background:url(//evil.example)">x</div>',
  "<link rel=stylesheet href=//evil.example>",
  "<meta http-equiv=refresh content='0;url=//evil.example'>",
  "&lt;img src=//evil.example&gt;",
  "`<img src=//evil.example>`",
  "```html\n<img src=//evil.example>\n```",
  '```x" onload="x()\n<img>\n```',
  "| a |\n|:-:|\n| ![x](//evil.example) |",
  "> ![x](//evil.example)\n\n1. [x](//evil.example)",
  "\uE0000\uE001<img src=//evil.example>\uE002",
  "!\u200b[x](https://evil.example)",
  "<\u0000img src=//evil.example>",
];

const HARMLESS_TAG =
  /^<\/?(p|em|strong|s|code|pre|ul|ol|li|blockquote|h[1-6]|hr|br|table|thead|tbody|tr|th|td)( (class="language-[^"<>]*"|data-align="(left|center|right)"|start="\d+"))?\s*\/?>$/;

test.each(HOSTILE)("no link, image or markup of its own comes of %j, even before anything is sanitised", (text) => {
  for (const [tag] of render(text).matchAll(/<[^>]*>/g)) expect(tag).toMatch(HARMLESS_TAG);
});

test("what Markdown is for still works", () => {
  expect(render("**South** sold `3`")).toBe("<p><strong>South</strong> sold <code>3</code></p>\n");
});
