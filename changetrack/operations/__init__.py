"""The use cases: one public function, one transaction."""
