// Package attack reads what kad sim --attack takes: the kind of an attack and its parameters,
// as pool:identities=100000,share=0.05. What attackers do is in package sim.
package attack
