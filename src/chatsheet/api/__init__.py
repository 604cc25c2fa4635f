"""HTTP only: requests to service calls, events to streams, errors to status codes; closed before anything is routed."""
