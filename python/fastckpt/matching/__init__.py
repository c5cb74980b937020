"""Which tensor becomes which parameter of a model: rules, proposals, plans."""
