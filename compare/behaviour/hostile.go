package behaviour

func hostileCases() []Case { return nil }
