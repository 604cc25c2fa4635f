"""The other side of the wire: Azure OpenAI's and OpenAI's format, their faults on demand, and a brain behind it.

It is a simulator and says so when it starts; it is never presented as Azure.
"""
