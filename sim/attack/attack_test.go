package attack

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// An attack has the usual parameters but for those that are given, and its text is read as
// the same again.
func TestParse(t *testing.T) {
	for text, want := range map[string]Attack{
		"liars":                               {Kind: Liars, Share: 0.2},
		" liars:share=0.5 ":                   {Kind: Liars, Share: 0.5},
		"mute:answer=garbled":                 {Kind: Mute, Share: 0.2, Answer: AnswerGarbled},
		"drip:share=1e-3, delay=800ms":        {Kind: Drip, Share: 0.001, Delay: 800 * time.Millisecond},
		"pool:identities=1000,subnets=1000":   {Kind: Pool, Share: 0.05, Identities: 1000, Subnets: 1000},
		"pool:subnets=2,share=0.1":            {Kind: Pool, Share: 0.1, Identities: 1 << 20, Subnets: 2},
		"pool:identities=4194304,subnets=1":   {Kind: Pool, Share: 0.05, Identities: MaxIdentities, Subnets: 1},
		"sybil":                               {Kind: Sybil, Identities: 45, Subnets: 45, Place: PlaceNear, Before: BeforePut},
		"sybil:n=20,place=edges":              {Kind: Sybil, Identities: 20, Subnets: 20, Place: PlaceEdges, Before: BeforePut},
		"sybil:before=get,subnets=3":          {Kind: Sybil, Identities: 45, Subnets: 3, Place: PlaceNear, Before: BeforeGet},
		"eclipse":                             {Kind: Eclipse, Subnets: 50, Restart: true, Minutes: 1},
		"eclipse:restart=false,minutes=720":   {Kind: Eclipse, Subnets: 50, Minutes: 720},
		"stale":                               {Kind: Stale, Share: 0.2, Collude: true},
		"stale:collude=false,share=0.1":       {Kind: Stale, Share: 0.1},
		"drip:delay=60s":                      {Kind: Drip, Share: 0.2, Delay: time.Minute},
		"mute:share=0.999999999,answer=none ": {Kind: Mute, Share: 0.999999999, Answer: AnswerNone},
	} {
		a, err := Parse(text)
		if err != nil || a != want {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Errorf("%q: %+v, %v", a, again, err)
		}
	}
}

// An error is ErrBadAttack and says what is wrong.
func TestParseRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                                  "want one of [liars mute drip pool stale sybil eclipse]",
		"flood":                             "want one of",
		"Liars":                             "want one of",
		"liars:":                            `no parameter "", want name=value of [share]`,
		"liars:0.2":                         `no parameter "0.2"`,
		"liars:delay=1s":                    `liars has no parameter "delay"`,
		"liars:share=":                      "share over 0 and under 1",
		"liars:share=0":                     "share over 0 and under 1",
		"liars:share=1":                     "share over 0 and under 1",
		"liars:share=NaN":                   "share over 0 and under 1",
		"liars:share=0.1,share=0.1":         "share stands there twice",
		"mute:answer=late":                  "want none or garbled",
		"drip:delay=0s":                     "want a time like 1.2s, at most 1m0s",
		"drip:delay=61s":                    "want a time",
		"drip:delay=soon":                   "want a time",
		"pool:identities=0":                 "want a whole number, 1 to 4194304",
		"pool:identities=4194305":           "want a whole number",
		"pool:subnets=-1":                   "want a whole number",
		"pool:identities=1000,subnets=1001": "want no more subnets",
		"stale:collude=1":                   "want true or false",
		"eclipse:subnets=1001":              "want at most 1000",
		"eclipse:minutes=0":                 "want a whole number, 1 to 10080",
		"eclipse:restart=maybe":             "want true or false",
		"sybil:n=10001":                     "want a whole number, 1 to 10000",
		"sybil:n=20,subnets=21":             "want no more subnets",
		"sybil:share=0.1":                   `no parameter "share", want name=value of [n place subnets before]`,
		"sybil:place=far":                   "want near, spread or edges",
		"sybil:before=all":                  "want put or get",
	} {
		a, err := Parse(text)
		if !errors.Is(err, ErrBadAttack) || !strings.Contains(err.Error(), says) || a != (Attack{}) {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
}

// A list has each kind once.
func TestParseList(t *testing.T) {
	list, err := ParseList(Append("liars", "drip:delay=1s"))
	if err != nil || Join(list) != "liars:share=0.2+drip:share=0.2,delay=1s" {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := ParseList(Append("", " ")); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	for text, says := range map[string]string{
		"liars+liars:share=0.3": "liars stands there twice",
		"liars+":                "want one of",
		"+mute":                 "want one of",
	} {
		if _, err := ParseList(text); !errors.Is(err, ErrBadAttack) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What is read is written as a text that is read as the same.
func FuzzParseList(f *testing.F) {
	for _, kind := range Kinds() {
		f.Add(kind)
	}
	f.Add("liars:share=0.1+pool:identities=10,share=1e-9,subnets=3")
	f.Add("drip:delay=1h2m,share=0.99+mute:answer=garbled")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseList(text)
		if err != nil {
			if !errors.Is(err, ErrBadAttack) {
				t.Error(err)
			}
			return
		}
		for _, a := range list {
			if !(a.Share > 0 && a.Share < 1) && a.Kind != Sybil && a.Kind != Eclipse || a.Delay > MaxDelay || a.Identities > MaxIdentities || a.Subnets > max(a.Identities, MaxSpeakers) || a.Minutes > MaxMinutes {
				t.Errorf("%+v", a)
			}
		}
		if again, err := ParseList(Join(list)); err != nil || !reflect.DeepEqual(again, list) {
			t.Errorf("%q: %v, %v", Join(list), again, err)
		}
	})
}
