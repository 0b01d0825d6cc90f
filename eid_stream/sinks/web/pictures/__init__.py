"""Pictures on their way to the page: sized, encoded once for each form, packed."""
