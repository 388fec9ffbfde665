# What has to be done so that two registries have the same tags. Reads, each after `of=NAME`:
#   own_events, peer_events   TIME push|delete REPOSITORY TAG DIGEST USER
#   own, peer                 REPOSITORY TAG DIGEST
# Variables: copier (who copies), known (yes: peer_events is whole), deletes (yes: deletions are copied).
# Prints, to be done in the order of their numbers:
#   1 keep-own|keep-peer REPOSITORY TAG DIGEST KEPT-TAG   the digest gets a tag of its own there, and on the other one
#   2 take REPOSITORY TAG DIGEST      3 give REPOSITORY TAG DIGEST       from the peer, to the peer
#   4 drop-own|drop-peer REPOSITORY REFERENCE
#   5 undecided REPOSITORY TAG        the peer does not say when it was pushed there
of == "own_events" || of == "peer_events" {
  side = substr(of, 1, index(of, "_") - 1)
  if (NF == 6) remember()
  next
}
of == "own" || of == "peer" { has[of, $1 " " $2] = $3; names[$1 " " $2] = 1; next }

function remember(    name) {
  name = $3 " " $4
  if ($2 == "push") {
    at[side, name, $5] = $1
    if ($6 != copier) clients[side, name] = $1
  } else if ($4 != "-") deleted[side, name] = $1
  else deleted[side, $3 " @" $5] = $1
}

# Whether somebody deleted there what the other still has: the reference by which, or nothing. A copy that came after is none of
# anybody's will, so on the other side only what clients pushed counts.
function gone(here, there, name, digest,    words, by_tag, by_digest, when) {
  split(name, words, " ")
  by_tag = deleted[here, name] ""
  by_digest = deleted[here, words[1] " @" digest] ""
  when = by_tag > by_digest ? by_tag : by_digest
  if (when == "" || when <= at[here, name, digest] "" || when <= clients[here, name] "" || when <= clients[there, name] "") return ""
  return by_tag > by_digest ? words[2] : digest
}

function knows(here, name, digest) { return (here, name, digest) in at }

function differ(name, own, peer,    winner, loser, other) {
  if (knows("own", name, peer) && !knows("peer", name, own)) { print 3, "give", name, own; return }
  if (known != "yes") { print 5, "undecided", name; return }
  if (knows("peer", name, own) && !knows("own", name, peer)) { print 2, "take", name, peer; return }
  winner = at["peer", name, peer] "" > at["own", name, own] "" ? "peer" : "own"
  loser = winner == "own" ? peer : own
  other = winner == "own" ? "peer" : "own"
  if (!knows(winner, name, loser)) print 1, "keep-" other, name, loser, kept(name, loser)
  if (winner == "own") print 3, "give", name, own
  else print 2, "take", name, peer
}

# At most 128 characters (OCI distribution specification)
function kept(name, digest,    words) {
  split(name, words, " ")
  return substr(words[2], 1, 100) ".conflict-" substr(digest, index(digest, ":") + 1, 12)
}

END {
  for (name in names) {
    own = has["own", name] ""
    peer = has["peer", name] ""
    if (own == peer) continue
    if (own != "" && peer != "") { differ(name, own, peer); continue }
    split(name, words, " ")
    if (peer == "") {
      by = known == "yes" && deletes == "yes" ? gone("peer", "own", name, own) : ""
      if (by != "") print 4, "drop-own", words[1], by
      else print 3, "give", name, own
    } else {
      by = gone("own", "peer", name, peer)
      if (by == "") print 2, "take", name, peer
      else if (deletes == "yes") print 4, "drop-peer", words[1], by
    }
  }
}
