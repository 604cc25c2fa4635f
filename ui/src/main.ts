import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./App.svelte";
import { keptTheme, wear } from "./state/theme";

wear(keptTheme());

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app");
mount(App, { target });
