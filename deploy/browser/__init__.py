"""The student in the browser: a static page that anybody can serve."""
