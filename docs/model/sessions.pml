/* The life of the sessions of two peers (docs/wire.md, sections 4 to 6), for spin.
 * README.md says what is modelled and what is left out; ./check runs it.
 *
 * Two sides, A (the smaller key) and B, make requests. A network of datagrams in no
 * order delivers them, loses them, delivers them again or late. A clock moves both.
 * Each step is atomic and prints itself, so that a trail is a list of steps, which
 * session/model_test.go replays against package session.
 */

/* Bounds of one run. */
#ifndef ATONCE_REQUESTS
#define ATONCE_REQUESTS 1   /* requests of one side outstanding at once */
#endif
#ifndef REQUESTS_A
#define REQUESTS_A 3        /* requests that A makes */
#endif
#ifndef REQUESTS_B
#define REQUESTS_B 3
#endif
#ifndef LOSSES
#define LOSSES 0            /* datagrams lost */
#endif
#ifndef COPIES
#define COPIES 0            /* datagrams delivered that also stay on the way */
#endif
#ifndef DELAYS
#define DELAYS 0            /* ticks that find datagrams on the way */
#endif
#ifndef ENDINGS
#define ENDINGS 0           /* restarts, evictions, Rekeys */
#endif
#ifndef ATTACKS
#define ATTACKS 0           /* replayed first requests, half-open floods */
#endif
#ifndef SESSIONS
#define SESSIONS 4          /* sessions that exist at one time; a run that needs more ends */
#endif

/* One tick is 4.6 s, with which no end of a life falls on a tick (wire.md, section 5). */
#define AT_ONCE     2       /*   5 s */
#define UNCONFIRMED 2       /*   8 s */
#define HALF_OPEN   3       /*  10 s */
#define OLD         7       /*  30 s */
#define LATE_ANSWER 9       /*  40 s: half-open and old */
#define SETTLED     12      /* ages are not told apart from here to AGE */
#define AGE         13      /* 3600 s: reached by "hour" alone */

#ifdef ONLY_HEARD
#define CHECK(what) skip
#else
#define CHECK(what) assert(what)
#endif

#ifdef MUTATE_LAST_TRY
#define LAST_IS_FIRST false
#else
#define LAST_IS_FIRST true
#endif

#define A 0
#define B 1
#define NONE 255
#define RS (2 * ATONCE_REQUESTS)
#define END(x, s) ((x) * SESSIONS + (s))
#define SIDE(r) ((r) / ATONCE_REQUESTS)

/* What a side knows of a session: its end. */
bool held[2 * SESSIONS], confirmed[2 * SESSIONS], suspect[2 * SESSIONS], sent[2 * SESSIONS];
byte age[2 * SESSIONS];
byte retired[2 * SESSIONS]; /* 0: not; otherwise 1 more than the ticks since */
byte order[2 * SESSIONS];   /* the newer of two ends of a side has the higher */
byte later[2 * SESSIONS];   /* the one retired later has the higher; a Rekey retires all at once */

byte begunBy[SESSIONS], opening[SESSIONS]; /* the side and the request of the first contact */

/* A side's requests. */
bool outstanding[RS], first[RS], tagged[RS], clean[RS];
byte tries[RS], under[RS], restarts[RS], made[2];

/* Datagrams on the way, as bits. The network has no order. */
#define FIRST_REQUEST(r)  (r)
#define FIRST_RESPONSE(s) (RS + (s))
#define SEALED            (RS + SESSIONS)
#define PAIR(r, s)        ((r) * SESSIONS + (s))
#define REQUEST(r, s)     (SEALED + PAIR(r, s))
#define RESPONSE(r, s)    (SEALED + RS * SESSIONS + PAIR(r, s))
#define NOSESSION(r, s)   (SEALED + 2 * RS * SESSIONS + PAIR(r, s))
#define ALL               (SEALED + 3 * RS * SESSIONS)
byte way[ALL / 8 + 1];
byte onWay;
byte opened[RS * SESSIONS / 8 + 1]; /* requests whose counter the window has (section 4) */

#define BIT(m, i)   ((m[(i) >> 3] >> ((i) & 7)) & 1)
#define SET(m, i)   m[(i) >> 3] = m[(i) >> 3] | (1 << ((i) & 7))
#define CLEAR(m, i) m[(i) >> 3] = m[(i) >> 3] & (255 - (1 << ((i) & 7)))

byte losses = LOSSES, copies = COPIES, delays = DELAYS, endings = ENDINGS, attacks = ATTACKS;
bool excused; /* something was lost, late or ended, or was one session too many: a NOSESSION may be drawn */
bool crowded;    /* the run needs more sessions than SESSIONS */
byte deaf;    /* ticks without a way between two sides that hold sessions and ask */

mtype = { deliver, copy, lose };

/* Scratch, zero between steps. */
mtype fate;
bool high;
byte i, j, k, best, old, use, top, d, n, x, r, s;

#define AGED(e)  (age[e] >= AGE)
#define BEGAN(x, s) (begunBy[s] == (x))

/* Section 5: an initiator uses its session at once and for 8 s unheard, a responder once it has opened a datagram. */
#ifdef MUTATE_HALFOPEN_USED
#define USED_BY_ROLE(x, s) (BEGAN(x, s) && age[END(x, s)] < UNCONFIRMED || !BEGAN(x, s))
#elif defined(MUTATE_UNCONFIRMED)
#define USED_BY_ROLE(x, s) BEGAN(x, s)
#else
#define USED_BY_ROLE(x, s) (BEGAN(x, s) && age[END(x, s)] < UNCONFIRMED)
#endif
#define USABLE(x, s) (held[END(x, s)] && retired[END(x, s)] == 0 && !AGED(END(x, s)) && (confirmed[END(x, s)] || USED_BY_ROLE(x, s)))

/* Section 5, both at once: the one that A began; of two that one side began the one for which
 * it chose the greater ID, which here is the place; if not at once, the newer. */
#define APART(x, s, o) (age[END(x, s)] > age[END(x, o)] -> age[END(x, s)] - age[END(x, o)] : age[END(x, o)] - age[END(x, s)])
#define NEWER(x, s, o) (order[END(x, s)] > order[END(x, o)])
#ifdef MUTATE_NEWEST
#define PREFER(x, s, o) NEWER(x, s, o)
#elif defined(MUTATE_ONE_SIDE)
#define PREFER(x, s, o) (begunBy[s] != begunBy[o] && APART(x, s, o) < AT_ONCE -> begunBy[s] == A : NEWER(x, s, o))
#else
#define PREFER(x, s, o) (APART(x, s, o) >= AT_ONCE -> NEWER(x, s, o) : (begunBy[s] == begunBy[o] -> (s) > (o) : begunBy[s] == A))
#endif

inline put(datagram) {
	if
	:: !BIT(way, datagram) -> SET(way, datagram); onWay++
	:: else
	fi
}

inline drop(e) {
	held[e] = false; confirmed[e] = false; suspect[e] = false; sent[e] = false; age[e] = 0; retired[e] = 0; order[e] = 0; later[e] = 0
}

/* Section 5, old: a replaced session still receives for 30 s. */
inline retire(e) {
	if
	:: retired[e] == 0 ->
		retired[e] = 1; top = 0;
		do
		:: j < SESSIONS ->
			if
			:: later[END((e) / SESSIONS, j)] > top -> top = later[END((e) / SESSIONS, j)]
			:: else
			fi;
			j++
		:: else -> j = 0; break
		od;
		later[e] = top + 1; top = 0
	:: else
	fi
#ifdef MUTATE_NO_OLD
	; drop(e)
#endif
}

/* use: the session that x sends a new request under, or NONE. */
inline inUse(x) {
	use = NONE; i = 0;
	do
	:: i < SESSIONS ->
		if
		:: USABLE(x, i) && (use == NONE || PREFER(x, i, use)) -> use = i
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od
}

/* Section 5: x makes its end of s. */
inline make(x, s) {
	top = 0; i = 0;
	do
	:: i < SESSIONS ->
		if
		:: held[END(x, i)] && order[END(x, i)] > top -> top = order[END(x, i)]
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od;
	held[END(x, s)] = true; order[END(x, s)] = top + 1; top = 0
}

/* Something was lost or is late: requests under way may fail. */
inline spoil() {
	excused = true; i = 0;
	do
	:: i < RS -> clean[i] = false; i++
	:: else -> i = 0; break
	od
}

/* Section 5: x's end of s has opened a datagram. The first one makes it the one in use,
 * unless another is preferred. One in use and one old are left. */
inline confirm(x, s) {
	if
	:: confirmed[END(x, s)]
	:: else ->
		confirmed[END(x, s)] = true;
		best = NONE; i = 0;
		do
		:: i < SESSIONS ->
			if
			:: held[END(x, i)] && confirmed[END(x, i)] && retired[END(x, i)] == 0 && (best == NONE || PREFER(x, i, best)) -> best = i
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od;
		if
		:: best == NONE -> best = s
		:: else
		fi;
		old = NONE;
		do
		:: i < SESSIONS ->
			if
			:: i != best && held[END(x, i)] && confirmed[END(x, i)] ->
				retire(END(x, i));
				if
				:: held[END(x, i)] && (old == NONE || later[END(x, i)] > later[END(x, old)] || later[END(x, i)] == later[END(x, old)] && i == s) -> old = i
				:: else
				fi
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od;
		do
		:: i < SESSIONS ->
			if
			:: i != best && i != old && held[END(x, i)] && confirmed[END(x, i)] -> drop(END(x, i)); n = 1
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od;
		if /* one session too many: what was under way under it is lost */
		:: n -> n = 0; spoil()
		:: else
		fi;
		best = 0; old = 0
	fi
}

/* d: a place for a new session, of which nothing is left anywhere, the first or the last; NONE if there is none. */
inline place(last) {
	d = NONE; i = 0;
	do
	:: i < SESSIONS && (d == NONE || last) ->
		n = !held[END(A, i)] && !held[END(B, i)] && !BIT(way, FIRST_RESPONSE(i));
		j = 0;
		do
		:: j < RS ->
			n = n && !(outstanding[j] && under[j] == i) && !BIT(way, REQUEST(j, i)) && !BIT(way, RESPONSE(j, i)) && !BIT(way, NOSESSION(j, i));
			j++
		:: else -> j = 0; break
		od;
		if
		:: n -> d = i; n = 0
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od
}

/* Section 7, sending again: under the session in use, if there is one; the last try, and
 * one that a NOSESSION started, is a first contact. */
inline send(x, r, fresh) {
	inUse(x);
	if
	:: use == NONE || fresh ->
		first[r] = true;
		put(FIRST_REQUEST(r));
		printf("step: %c sends %d first\n", 'A' + x, r)
	:: else ->
		under[r] = use; tagged[r] = true; sent[END(x, use)] = true;
		CLEAR(opened, PAIR(r, use));
		if /* a NOSESSION for an earlier try does not count any more */
		:: BIT(way, NOSESSION(r, use)) -> CLEAR(way, NOSESSION(r, use)); onWay--
		:: else
		fi;
		put(REQUEST(r, use));
		printf("step: %c sends %d under %d\n", 'A' + x, r, use)
	fi;
	use = 0
}

inline over(r) {
	outstanding[r] = false; first[r] = false; tagged[r] = false; clean[r] = false; tries[r] = 0; under[r] = NONE; restarts[r] = 0
}

/* Sections 2 and 3: y answers a first request; a retry draws the stored reply. */
inline firstRequest(y, r) {
	d = NONE; i = 0;
	do
	:: i < SESSIONS ->
		if
		:: held[END(y, i)] && !confirmed[END(y, i)] && opening[i] == r && begunBy[i] == SIDE(r) -> d = i
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od;
	if
	:: d != NONE
	:: else ->
		place(high);
		if
		:: d == NONE -> crowded = true
		:: else -> begunBy[d] = SIDE(r); opening[d] = r; make(y, d)
		fi
	fi;
	if
	:: d != NONE -> put(FIRST_RESPONSE(d))
	:: else
	fi;
	printf("step: %c answers %d with %d\n", 'A' + y, r, d);
	d = 0
}

/* Section 3: the initiator has a session. One that a NOSESSION named is then an old one. */
inline firstResponse(x, s) {
	n = opening[s];
	printf("step: %c completes %d with %d\n", 'A' + x, n, s);
	if
	:: n != NONE && outstanding[n] && first[n] && !held[END(x, s)] ->
		do
		:: i < SESSIONS ->
			if
			:: held[END(x, i)] && suspect[END(x, i)] -> retire(END(x, i))
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od;
		make(x, s);
		over(n)
	:: else
	fi;
	n = 0
}

/* Section 4: y opens a request and answers it under the session it came under, or draws a NOSESSION. */
inline request(y, r, s) {
	if
	:: held[END(y, s)] && BIT(opened, PAIR(r, s)) -> printf("step: %c drops %d under %d\n", 'A' + y, r, s)
	:: held[END(y, s)] && !BIT(opened, PAIR(r, s)) ->
		printf("step: %c opens %d under %d\n", 'A' + y, r, s);
		SET(opened, PAIR(r, s));
		confirm(y, s);
		put(RESPONSE(r, s))
	:: else ->
		printf("step: %c draws NOSESSION for %d under %d\n", 'A' + y, r, s);
		CHECK(excused); /* needed */
		put(NOSESSION(r, s))
	fi
}

inline response(x, r, s) {
	printf("step: %c takes the answer to %d under %d\n", 'A' + x, r, s);
	if
	:: held[END(x, s)] && outstanding[r] && under[r] != NONE -> confirm(x, s); over(r)
	:: else
	fi
}

/* Section 4: a NOSESSION counts for the latest try of a request, which then starts again. */
inline noSession(x, r, s) {
	printf("step: %c has NOSESSION for %d under %d\n", 'A' + x, r, s);
	if
	:: outstanding[r] && tagged[r] && under[r] == s && restarts[r] < 3 ->
		tagged[r] = false; restarts[r]++;
		suspect[END(x, s)] = held[END(x, s)];
#ifndef MUTATE_NOSESSION
		send(x, r, true)
#endif
	:: else
	fi
}

/* Datagram d arrives. */
inline arrive() {
	if
	:: d < FIRST_RESPONSE(0) -> r = d; x = 1 - SIDE(r); firstRequest(x, r)
	:: d >= FIRST_RESPONSE(0) && d < SEALED -> s = d - RS; x = begunBy[s]; firstResponse(x, s)
	:: d >= SEALED ->
		r = ((d - SEALED) / SESSIONS) % RS; s = (d - SEALED) % SESSIONS; x = SIDE(r);
		if
		:: d < RESPONSE(0, 0) -> x = 1 - x; request(x, r, s)
		:: d >= RESPONSE(0, 0) && d < NOSESSION(0, 0) -> response(x, r, s)
		:: d >= NOSESSION(0, 0) -> noSession(x, r, s)
		fi
	fi;
	r = 0; s = 0; x = 0
}

inline name() {
	if
	:: d < FIRST_RESPONSE(0) -> printf("step: %e first request %d\n", fate, d)
	:: d >= FIRST_RESPONSE(0) && d < SEALED -> printf("step: %e first response %d %d\n", fate, opening[d - RS], d - RS)
	:: d >= SEALED && d < RESPONSE(0, 0) -> printf("step: %e request %d %d\n", fate, (d - SEALED) / SESSIONS, (d - SEALED) % SESSIONS)
	:: d >= RESPONSE(0, 0) && d < NOSESSION(0, 0) -> printf("step: %e response %d %d\n", fate, (d - RESPONSE(0, 0)) / SESSIONS, (d - SEALED) % SESSIONS)
	:: d >= NOSESSION(0, 0) -> printf("step: %e NOSESSION %d %d\n", fate, (d - NOSESSION(0, 0)) / SESSIONS, (d - SEALED) % SESSIONS)
	fi
}

/* Prints which sessions are in use, if the trails are to show it. */
inline inUseNow() {
#ifdef SHOW
	inUse(A); j = use; inUse(B);
	printf("step: uses %d %d\n", j, use);
	j = 0; use = 0;
#endif
	n = 0
}

/* A side makes a request, in a place of which nothing is on the way any more. */
inline begin(x) {
	r = x * ATONCE_REQUESTS; n = 0;
	do
	:: r < (x + 1) * ATONCE_REQUESTS && !n ->
		n = !outstanding[r] && !BIT(way, FIRST_REQUEST(r)); i = 0;
		do
		:: i < SESSIONS ->
			n = n && !BIT(way, REQUEST(r, i)) && !BIT(way, RESPONSE(r, i)) && !BIT(way, NOSESSION(r, i)) && !(opening[i] == r && BIT(way, FIRST_RESPONSE(i)));
			i++
		:: else -> i = 0; break
		od;
		if
		:: !n -> r++
		:: else
		fi
	:: else -> break
	od;
	if
	:: n ->
		n = 0;
		do
		:: i < SESSIONS ->
			if
			:: opening[i] == r -> opening[i] = NONE
			:: else
			fi;
			i++
		:: else -> i = 0; break
		od;
		made[x]++; outstanding[r] = true; clean[r] = true; tries[r] = 1;
		printf("step: begin %c %d\n", 'A' + x, r);
		send(x, r, false)
	:: else
	fi;
	r = 0; n = 0
}

proctype side(byte me) {
end:	do
	:: d_step { made[me] < (me == A -> REQUESTS_A : REQUESTS_B) && !crowded -> begin(me); inUseNow() }
	od
}

proctype network() {
end:	do
	:: atomic {
		onWay > 0 && !crowded -> n = onWay;
		do
		:: BIT(way, d) -> break
		:: BIT(way, d) && n > 1 -> d++; n--
		:: !BIT(way, d) -> d++
		od;
		n = 0;
		if
		:: fate = deliver
		:: copies > 0 -> copies--; fate = copy
		:: losses > 0 -> losses--; fate = lose
		fi;
		if
		:: fate != lose && d < FIRST_RESPONSE(0) && ATONCE_REQUESTS > 1 -> high = true
		:: high = false
		fi;
		d_step {
			name();
			if
			:: fate != copy -> CLEAR(way, d); onWay--
			:: else
			fi;
			if
			:: fate == lose -> spoil()
			:: else -> arrive()
			fi;
			fate = 0; d = 0; high = false; inUseNow()
		}
	}
	od
}

/* What ends sessions at one side. */
inline restart(x) {
	printf("step: restart %c\n", 'A' + x);
	excused = true;
	do
	:: k < SESSIONS -> drop(END(x, k)); k++
	:: else -> k = 0; break
	od;
	do
	:: k < ATONCE_REQUESTS -> over(x * ATONCE_REQUESTS + k); k++
	:: else -> k = 0; break
	od
}

inline rekey(x) {
	printf("step: rekey %c\n", 'A' + x);
	excused = true; n = 0;
	do
	:: k < SESSIONS ->
		if
		:: held[END(x, k)] && retired[END(x, k)] == 0 ->
			retire(END(x, k));
			if
			:: n == 0 -> n = later[END(x, k)]
			:: else -> later[END(x, k)] = n
			fi
		:: else
		fi;
		k++
	:: else -> k = 0; n = 0; break
	od
}

#define LIVE(x, s) (held[END(x, s)] && (BEGAN(x, s) || confirmed[END(x, s)]))

inline evict(x) {
	printf("step: evict %c\n", 'A' + x);
	spoil();
	do
	:: k < SESSIONS ->
		if
		:: LIVE(x, k) -> drop(END(x, k))
		:: else
		fi;
		k++
	:: else -> k = 0; break
	od
}

/* Section 6: half-open sessions are in a table of their own. */
inline flood(x) {
	printf("step: flood %c\n", 'A' + x);
	do
	:: k < SESSIONS ->
		if
		:: held[END(x, k)] && !LIVE(x, k) -> drop(END(x, k)); excused = true
		:: else
#ifdef MUTATE_ONE_TABLE
			-> drop(END(x, k))
#endif
		fi;
		k++
	:: else -> k = 0; break
	od
}

/* Somebody sends an old first request of the other side again. */
inline replay(x) {
	place(false);
	if
	:: d == NONE -> crowded = true
	:: else -> begunBy[d] = 1 - x; opening[d] = NONE; make(x, d)
	fi;
	printf("step: replay %c %d\n", 'A' + x, d);
	d = 0
}

proctype faults(byte me) {
end:	do
	:: d_step { endings > 0 && !crowded -> endings--; restart(me); inUseNow() }
	:: d_step { endings > 0 && !crowded -> endings--; rekey(me); inUseNow() }
	:: d_step { endings > 0 && !crowded -> endings--; evict(me); inUseNow() }
	:: d_step { attacks > 0 && !crowded -> attacks--; flood(me); inUseNow() }
	:: d_step { attacks > 0 && !crowded -> attacks--; replay(me); inUseNow() }
	od
}

/* Ends of lives, section 5. */
#ifdef MUTATE_UNCONFIRMED
#define UNHEARD(x, s) BEGAN(x, s)
#else
#define UNHEARD(x, s) false
#endif
#define LIFE(x, s) (confirmed[END(x, s)] || UNHEARD(x, s) -> AGE + OLD : (BEGAN(x, s) && sent[END(x, s)] -> LATE_ANSWER : HALF_OPEN))

inline grow(x, s) {
	if
	:: held[END(x, s)] ->
		if
		:: age[END(x, s)] != SETTLED -> age[END(x, s)]++
		:: else
		fi;
		if
		:: retired[END(x, s)] > 0 -> retired[END(x, s)]++
		:: else
		fi;
		if
		:: retired[END(x, s)] > OLD || age[END(x, s)] >= LIFE(x, s) -> drop(END(x, s))
		:: else
		fi
	:: else
	fi
}

/* No way between two sides that hold sessions: neither opens what the other sends. */
inline listen() {
	inUse(A); j = use; inUse(B);
	if
	:: j != NONE && use != NONE && !held[END(B, j)] && !held[END(A, use)] ->
		n = 0;
		do
		:: i < RS -> n = n || outstanding[i]; i++
		:: else -> i = 0; break
		od;
		deaf = deaf + n; n = 0;
		assert(deaf <= OLD) /* heard */
	:: else -> deaf = 0
	fi;
	j = 0; use = 0
}

inline tick() {
	listen();
	printf("step: tick\n");
	if
	:: onWay > 0 -> delays--; spoil()
	:: else
	fi;
	do
	:: s < SESSIONS -> grow(A, s); grow(B, s); s++
	:: else -> s = 0; break
	od;
	do
	:: r < RS ->
		if
		:: outstanding[r] ->
			CHECK(!clean[r]); /* answered */
			if
			:: tries[r] < 3 ->
				tries[r]++; x = SIDE(r);
				printf("step: again %c %d\n", 'A' + x, r);
				send(x, r, (tries[r] == 3 && LAST_IS_FIRST)); x = 0
			:: else ->
				printf("step: give up %d\n", r);
				over(r)
			fi
		:: else
		fi;
		r++
	:: else -> r = 0; break
	od
}

/* An hour passes: the one session there is comes to its age. */
#define ONE(s) (held[END(A, s)] && held[END(B, s)] && age[END(A, s)] == age[END(B, s)] && age[END(A, s)] < SETTLED && confirmed[END(A, s)] && confirmed[END(B, s)] && retired[END(A, s)] == 0 && retired[END(B, s)] == 0)

inline hour() {
	n = 0; d = NONE;
	do
	:: i < SESSIONS ->
		n = n + held[END(A, i)] + held[END(B, i)];
		if
		:: ONE(i) -> d = i
		:: else
		fi;
		i++
	:: else -> i = 0; break
	od;
	do
	:: i < RS -> n = n + 9 * outstanding[i]; i++
	:: else -> i = 0; break
	od;
	if
	:: n == 2 && d != NONE -> age[END(A, d)] = AGE; age[END(B, d)] = AGE; printf("step: hour\n")
	:: else
	fi;
	n = 0; d = 0
}

proctype clock() {
end:	do
	:: d_step { (onWay == 0 || delays > 0) && !crowded -> tick(); inUseNow() }
	:: d_step { onWay == 0 && !crowded -> hour(); inUseNow() }
	od
}

init {
	atomic {
		do
		:: s < SESSIONS -> opening[s] = NONE; s++
		:: else -> s = 0; break
		od;
		do
		:: r < RS -> under[r] = NONE; r++
		:: else -> r = 0; break
		od;
		run side(A); run side(B); run network(); run clock();
		if
		:: ENDINGS + ATTACKS > 0 -> run faults(A); run faults(B)
		:: else
		fi
	}
}
