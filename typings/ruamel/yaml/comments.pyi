class LineCol:
    line: int | None
    data: dict[object, list[int]] | None

class CommentedMap(dict[str, object]):
    lc: LineCol

class CommentedSeq(list[object]):
    lc: LineCol
