class Mark:
    line: int

class YAMLError(Exception): ...

class MarkedYAMLError(YAMLError):
    problem_mark: Mark | None
    context_mark: Mark | None
