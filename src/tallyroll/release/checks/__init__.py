"""The checks, one module a stage or two. Each check is a function of a pair of files that yields what is wrong."""
