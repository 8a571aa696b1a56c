"""Product text: cleaning rules and the form in which texts are compared."""
