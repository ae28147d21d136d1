/* The grant protocol of README.md, as small as it can be said: two agents, one account, one window, and a copy of one agent.
 *
 * Every number is an absolute counter and the larger value wins, so the network needs no queue. What was ever said may come at any time,
 * or never, or twice: "said_granted[i]" is the largest counter that the collector has ever sent to agent i, and an agent may at any moment
 * take any value up to it that was sent. The same holds in the other direction for "returned", which is sent only once it is synced, and for
 * events, which come in order.
 *
 * An agent: granted = used + reserved + spare + returned; "d_" is what its disk holds, which a crash goes back to. A kill loses nothing that was
 * written; a power cut goes back to the last sync. What is in flight is settled at what was reserved.
 * A copy (clone, old snapshot) of agent 0 goes on from its disk with the same counters until it meets the collector; what it spends blindly
 * is counted apart: nobody can know of it before.
 */

#define LIMIT 2
#define MOST_GRANTED 4  /* more would need more returns: nothing new */
#define AGENTS 2

byte c_granted[AGENTS];   /* the collector's, synced before it is said */
byte c_used[AGENTS];
byte c_returned[AGENTS];

byte said_returned[AGENTS];  /* by the agents: the largest that was sent */
byte said_used[AGENTS];

byte granted[AGENTS], used[AGENTS], returned[AGENTS], reserved[AGENTS];          /* as written */
byte d_granted[AGENTS], d_used[AGENTS], d_returned[AGENTS], d_reserved[AGENTS];  /* as synced */

/* Agent 0's copy. */
bool copied;
byte k_spare, k_blind;

#define NET(i) (c_granted[i] - c_returned[i])
#define HELD(i) ((NET(i) > c_used[i]) -> NET(i) : c_used[i])
#define SPARE(i) (granted[i] - returned[i] - used[i] - reserved[i])

proctype Collector() {
  do
  :: d_step { HELD(0) + HELD(1) < LIMIT && c_granted[0] < MOST_GRANTED -> c_granted[0]++ }
  :: d_step { HELD(0) + HELD(1) < LIMIT && c_granted[1] < MOST_GRANTED -> c_granted[1]++ }
  :: d_step { said_returned[0] > c_returned[0] -> c_returned[0] = said_returned[0] }
  :: d_step { said_returned[1] > c_returned[1] -> c_returned[1] = said_returned[1] }
  :: d_step { said_used[0] > c_used[0] -> c_used[0]++ }  /* events, in order */
  :: d_step { said_used[1] > c_used[1] -> c_used[1]++ }
  od
}

proctype Agent(byte i) {
  do
  :: d_step { granted[i] < c_granted[i] -> granted[i] = c_granted[i] }        /* the newest that was said */
  :: d_step { granted[i] + 1 < c_granted[i] -> granted[i]++ }                 /* or an older one, late */
  :: d_step { SPARE(i) > 0 -> reserved[i]++ }
  :: d_step { reserved[i] > 0 -> reserved[i]--; used[i]++ }                   /* settled at what it cost */
  :: d_step { reserved[i] > 0 -> reserved[i]-- }                              /* or at nothing */
  :: d_step { SPARE(i) > 0 -> returned[i]++ }
  :: d_step {                                                                 /* synced; then it may be said */
       d_granted[i] = granted[i]; d_used[i] = used[i]; d_returned[i] = returned[i]; d_reserved[i] = reserved[i];
       said_used[i] = used[i]; said_returned[i] = returned[i]
     }
  :: d_step { used[i] = used[i] + reserved[i]; reserved[i] = 0 }              /* killed, and back */
  :: d_step {                                                                 /* without power, and back */
       granted[i] = d_granted[i]; returned[i] = d_returned[i];
       used[i] = d_used[i] + d_reserved[i]; reserved[i] = 0
     }
  od
}

/* From agent 0's disk, once. It meets the collector in the end, and has a new incarnation, with nothing. */
proctype Copy() {
  atomic { d_granted[0] > d_returned[0] + d_used[0]; copied = true; k_spare = d_granted[0] - d_returned[0] - d_used[0] }
  do
  :: d_step { k_spare > 0 -> k_spare--; k_blind++ }
  :: atomic { k_spare = 0; break }
  od
}

/* I1: what is metered. I2: no agent holds more than it was granted, and the collector's counters are never ahead. */
#define SPENT (used[0] + used[1])
active proctype Promises() {
  atomic {
    !(SPENT + reserved[0] + reserved[1] <= LIMIT && granted[0] <= c_granted[0] && granted[1] <= c_granted[1] &&
      c_used[0] <= used[0] && c_used[1] <= used[1] && c_returned[0] <= returned[0] && c_returned[1] <= returned[1] &&
      HELD(0) + HELD(1) <= LIMIT && k_blind <= LIMIT) -> assert(false)
  }
}

init { atomic { run Collector(); run Agent(0); run Agent(1); run Copy() } }
