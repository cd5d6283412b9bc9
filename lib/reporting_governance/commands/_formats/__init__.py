"""What a verification found, in the forms that people and machines read.  Each form is a pure function to text."""
