# The price levels of one side of a book: a B+ tree by price, and the same levels as a list from the best.
#
# Whatever the prices are, finding, making and dropping a level costs a few small searches; the best level and
# the next one behind any level cost nothing. A node that has become empty goes at once; nodes are not
# merged, so the tree never has more leaves than levels.

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.string cimport memcpy, memmove

from pricetime.core.state cimport FANOUT, BookSide, Core, Level, Node
from pricetime.core.storage cimport give_back, take


cdef enum:
    DEEPEST = 24  # nodes on a way down: 32 bits of levels, at least 2 entries a node


cdef inline uint32_t place_in(const Node* node, int64_t key) noexcept nogil:
    """Return how many keys of a node are less than ``key``."""
    cdef uint32_t low = 0
    cdef uint32_t width = node.count
    cdef uint32_t half
    while width:
        half = width >> 1
        if node.keys[low + half] < key:
            low += width - half
        width = half
    return low


cdef inline uint32_t child_of(const Node* node, int64_t key) noexcept nogil:
    """Return which child of an inner node a key belongs under; the first takes all that is below the second."""
    cdef uint32_t low = 1
    cdef uint32_t width = node.count - 1
    cdef uint32_t half
    while width:
        half = width >> 1
        if node.keys[low + half] <= key:
            low += width - half
        width = half
    return low - 1


cdef inline uint32_t level_at(Core* v, BookSide* side, int64_t price) noexcept nogil:
    """Return the level of a price, or 0."""
    if side.best and v.levels[side.best].price == price:
        return side.best
    cdef int64_t key = price * side.sign
    cdef uint32_t at = side.root
    cdef Node* node
    if at == 0:
        return 0
    node = &v.nodes[at]
    while not node.is_leaf:
        node = &v.nodes[node.links[child_of(node, key)]]
    at = place_in(node, key)
    return node.links[at] if at < node.count and node.keys[at] == key else 0


cdef inline uint32_t new_level(Core* v, uint32_t book, uint32_t side, int64_t price) noexcept nogil:
    cdef uint32_t slot = take(&v.level_pool)
    cdef Level* level = &v.levels[slot]
    level.price = price
    level.quantity = 0
    level.head = level.tail = level.better = level.worse = 0
    level.book = book
    level.side = side
    return slot


cdef inline uint32_t new_node(Core* v, uint16_t is_leaf) noexcept nogil:
    cdef uint32_t slot = take(&v.node_pool)
    v.nodes[slot].count = 0
    v.nodes[slot].is_leaf = is_leaf
    return slot


cdef inline void put(Node* node, uint32_t at, int64_t key, uint32_t link) noexcept nogil:
    cdef uint32_t behind = node.count - at
    memmove(&node.keys[at + 1], &node.keys[at], behind * sizeof(int64_t))
    memmove(&node.links[at + 1], &node.links[at], behind * sizeof(uint32_t))
    node.keys[at] = key
    node.links[at] = link
    node.count += 1


cdef inline void drop(Node* node, uint32_t at) noexcept nogil:
    cdef uint32_t behind
    node.count -= 1
    behind = node.count - at
    memmove(&node.keys[at], &node.keys[at + 1], behind * sizeof(int64_t))
    memmove(&node.links[at], &node.links[at + 1], behind * sizeof(uint32_t))


cdef inline uint32_t split(Core* v, Node* node) noexcept nogil:
    """Move the upper half of a full node into a new one and return that."""
    cdef uint32_t slot = new_node(v, node.is_leaf)
    cdef Node* upper = &v.nodes[slot]
    upper.count = FANOUT // 2
    node.count = FANOUT // 2
    memcpy(upper.keys, &node.keys[FANOUT // 2], FANOUT // 2 * sizeof(int64_t))
    memcpy(upper.links, &node.links[FANOUT // 2], FANOUT // 2 * sizeof(uint32_t))
    return slot


cdef inline void link_levels(Core* v, BookSide* side, uint32_t better, uint32_t level, uint32_t worse) noexcept nogil:
    v.levels[level].better = better
    v.levels[level].worse = worse
    if better:
        v.levels[better].worse = level
    else:
        side.best = level
    if worse:
        v.levels[worse].better = level


cdef inline uint32_t add_level(Core* v, BookSide* side, uint32_t book, int64_t price) noexcept nogil:
    """Make the level of a price that has none, and return it."""
    cdef uint32_t level = new_level(v, book, side.side, price)
    cdef int64_t key = price * side.sign
    cdef uint32_t[DEEPEST] nodes
    cdef uint32_t[DEEPEST] places
    cdef uint32_t depth = 0
    cdef uint32_t at, better, upper
    cdef Node* node
    if side.root == 0:
        side.root = new_node(v, 1)
    nodes[0] = side.root
    node = &v.nodes[side.root]
    while not node.is_leaf:
        places[depth] = child_of(node, key)
        depth += 1
        nodes[depth] = node.links[places[depth - 1]]
        node = &v.nodes[nodes[depth]]
    at = place_in(node, key)
    if at:
        better = node.links[at - 1]
        link_levels(v, side, better, level, v.levels[better].worse)
    elif node.count:
        link_levels(v, side, v.levels[node.links[0]].better, level, node.links[0])
    else:
        link_levels(v, side, 0, level, 0)
    cdef uint32_t link = level
    while True:
        if node.count < FANOUT:
            put(node, at, key, link)
            return level
        upper = split(v, node)
        if at > FANOUT // 2:
            put(&v.nodes[upper], at - FANOUT // 2, key, link)
        else:
            put(node, at, key, link)
        key = v.nodes[upper].keys[0]
        link = upper
        if depth == 0:
            break
        depth -= 1
        node = &v.nodes[nodes[depth]]
        at = places[depth] + 1
    at = side.root
    side.root = new_node(v, 0)
    node = &v.nodes[side.root]
    put(node, 0, v.nodes[at].keys[0], at)
    put(node, 1, key, upper)
    return level


cdef inline void drop_level(Core* v, BookSide* side, uint32_t slot) noexcept nogil:
    """Forget a level that nobody stands at any more."""
    cdef Level* level = &v.levels[slot]
    cdef int64_t key = level.price * side.sign
    cdef uint32_t[DEEPEST] nodes
    cdef uint32_t[DEEPEST] places
    cdef uint32_t depth = 0
    cdef Node* node = &v.nodes[side.root]
    if level.better:
        v.levels[level.better].worse = level.worse
    else:
        side.best = level.worse
    if level.worse:
        v.levels[level.worse].better = level.better
    give_back(&v.level_pool, slot)
    nodes[0] = side.root
    while not node.is_leaf:
        places[depth] = child_of(node, key)
        depth += 1
        nodes[depth] = node.links[places[depth - 1]]
        node = &v.nodes[nodes[depth]]
    drop(node, place_in(node, key))
    while node.count == 0:
        give_back(&v.node_pool, nodes[depth])
        if depth == 0:
            side.root = 0
            return
        depth -= 1
        node = &v.nodes[nodes[depth]]
        drop(node, places[depth])
    node = &v.nodes[side.root]
    while not node.is_leaf and node.count == 1:
        give_back(&v.node_pool, side.root)
        side.root = node.links[0]  # before the slot is used again
        node = &v.nodes[side.root]
