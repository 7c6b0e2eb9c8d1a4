"""A slice of the Third Party API on the stock frameworks: what the sandbox is compared with."""
