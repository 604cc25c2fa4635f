"""Networks that misbehave, on sockets of their own: DNS, TLS, ports that swallow, reset or refuse, a proxy, an identity.

Each is an async context manager with its address and port as parameters; a test bed may bind them inside a network namespace.
"""
