package kadmium

import "reflect"

// jsonForms are the structs that say what the JSON of the types with MarshalJSON is.
var jsonForms = map[reflect.Type]reflect.Type{
	reflect.TypeFor[Lookup]():      reflect.TypeFor[lookupJSON](),
	reflect.TypeFor[Step]():        reflect.TypeFor[stepJSON](),
	reflect.TypeFor[Pong]():        reflect.TypeFor[pongJSON](),
	reflect.TypeFor[Found]():       reflect.TypeFor[foundJSON](),
	reflect.TypeFor[Closest]():     reflect.TypeFor[closestJSON](),
	reflect.TypeFor[Stored]():      reflect.TypeFor[storedJSON](),
	reflect.TypeFor[Value]():       reflect.TypeFor[valueJSON](),
	reflect.TypeFor[Provider]():    reflect.TypeFor[providerJSON](),
	reflect.TypeFor[Providers]():   reflect.TypeFor[providersJSON](),
	reflect.TypeFor[Message]():     reflect.TypeFor[messageJSON](),
	reflect.TypeFor[Reply]():       reflect.TypeFor[replyJSON](),
	reflect.TypeFor[Event]():       reflect.TypeFor[eventJSON](),
	reflect.TypeFor[PeerInfo]():    reflect.TypeFor[peerInfoJSON](),
	reflect.TypeFor[Publication](): reflect.TypeFor[publicationJSON](),
	reflect.TypeFor[Holding]():     reflect.TypeFor[holdingJSON](),
	reflect.TypeFor[Readiness]():   reflect.TypeFor[readinessJSON](),
}

// JSONForm is the struct whose fields and tags say what the JSON of a type is: the type
// itself, unless it has a MarshalJSON of this package.
func JSONForm(t reflect.Type) reflect.Type {
	if form, ok := jsonForms[t]; ok {
		return form
	}
	return t
}
