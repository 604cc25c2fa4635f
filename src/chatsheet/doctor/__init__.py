"""Why does a route fail? Walks each route layer by layer, names the first broken one, compares the routes and decides."""
