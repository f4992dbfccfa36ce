package behaviour

func valueCases() []Case { return nil }
