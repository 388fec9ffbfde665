# What has to be done so that two registries have the same tags. Reads, each after `of=NAME`:
#   own_events, peer_events   TIME push|delete REPOSITORY TAG DIGEST USER
#   own, peer                 REPOSITORY TAG DIGEST
# Variables: copier (who copies), known (yes: peer_events is whole), deletes (yes: deletions are copied).
# Prints, to be done in the order of their numbers:
#   1 keep-own|keep-peer REPOSITORY TAG DIGEST KEPT-TAG   the digest gets a tag of its own there, and on the other one
#   2 take REPOSITORY TAG DIGEST      3 give REPOSITORY TAG DIGEST       from the peer, to the peer
#   4 drop REPOSITORY REFERENCE     on the peer
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

# Whether clients deleted on this host what the peer still has: the reference by which, or nothing. A copy that came after is none of
# anybody's will; a push on the peer is one, if it is newer or of what this host never had.
function gone(name, digest,    words, by_tag, by_digest, when) {
  split(name, words, " ")
  by_tag = deleted["own", name] ""
  by_digest = deleted["own", words[1] " @" digest] ""
  when = by_tag > by_digest ? by_tag : by_digest
  if (when == "" || when <= pushed("own", name, digest) || when <= clients["own", name] "" || when <= clients["peer", name] "") return ""
  if (clients["peer", name] != "" && by_digest == "" && !knows("own", name, digest)) return ""
  return by_tag > by_digest ? words[2] : digest
}

function knows(here, name, digest) { return (here, name, digest) in at }
# Looking at an element makes it, and it would be known from then on
function pushed(here, name, digest) { return knows(here, name, digest) ? at[here, name, digest] "" : "" }

function differ(name, own, peer,    winner, loser, other) {
  if (knows("own", name, peer) && !knows("peer", name, own)) { print 3, "give", name, own; return }
  if (known != "yes") { print 5, "undecided", name; return }
  if (knows("peer", name, own) && !knows("own", name, peer)) { print 2, "take", name, peer; return }
  winner = pushed("peer", name, peer) > pushed("own", name, own) ? "peer" : "own"
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
    by = peer == "" ? "" : gone(name, peer)
    if (peer == "") print 3, "give", name, own
    else if (by == "") print 2, "take", name, peer
    else if (deletes == "yes" && known == "yes") print 4, "drop", words[1], by
  }
}
