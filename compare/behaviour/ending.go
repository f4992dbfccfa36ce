package behaviour

func endingCases() []Case { return nil }
