"""S, and what else a server or a stream can do wrong. Pure."""

from chatsheet.simulator.fault import Elsewhere, Fault, error

_TRACEBACK = (
    "litellm.APIConnectionError: Connection lost\nTraceback (most recent call last):\n"
    '  File "/opt/gateway/lib/python3.11/site-packages/gateway/streaming.py", line 41, in __anext__\n'
    "    chunk = await self.upstream.__anext__()\nConnectionResetError: [Errno 104] Connection reset by peer\n"
)

FAULTS: dict[str, Fault] = {
    "S1": Fault(
        about="the stream ends properly in the middle, without a finish reason (LiteLLM makes a stop of it)",
        stream="truncate",
        takes=("after",),
    ),
    "S2": Fault(about="a stream without any content", stream="empty"),
    "S3": Fault(
        about="an error with a gateway's traceback inside the stream",
        stream="error",
        body=error("500", _TRACEBACK, type=None, param=None),
        takes=("after",),
    ),
    "error-in-stream": Fault(
        about="an error inside the stream, after content",
        stream="error",
        body=error("InternalServerError", "The server had an error while processing your request.", type="server_error"),
        takes=("after",),
    ),
    "cut": Fault(about="the connection is reset in the middle of the stream", stream="cut", takes=("after",)),
    "stall": Fault(about="the stream stops in the middle and stays open", stream="stall", takes=("after",)),
    "malformed": Fault(about="one event in the middle is broken JSON", stream="malformed", takes=("after",)),
    "no-done": Fault(about="a finish reason comes, [DONE] never does", stream="no-done"),
    "slow": Fault(about="the first content is late", stream="slow", takes=("delay_s",)),
    "dribble": Fault(about="chunks keep coming, none with content", stream="dribble", takes=("delay_s",)),
    "keepalive": Fault(about="only comments keep the stream alive", stream="keepalive", takes=("delay_s",)),
    "500": Fault(
        about="server error",
        status=500,
        body=error("InternalServerError", "The server had an error while processing your request."),
    ),
    "503": Fault(about="overloaded", status=503, body=error("ServiceUnavailable", "The service is temporarily unavailable.")),
}

ELSEWHERE: dict[str, Elsewhere] = {
    "S4": Elsewhere(
        about="a cost of 0: the gateway cannot price a deployment of its own name",
        kind="environment",
        how="leave input_price and output_price out of the route; /metrics then counts chatsheet_llm_unpriced_calls",
    ),
}
