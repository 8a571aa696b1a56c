"""Gates: Great Expectations as language, judge and record, our own masks as the scanner."""
