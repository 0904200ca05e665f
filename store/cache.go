package store

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache remembers rows of a database that only this process writes. It is exact: a write stores the row here after its
// commit, and a row that was read is remembered only if nothing was written meanwhile. A cache of size 0 remembers
// nothing.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	rows       *simplelru.LRU[K, *V] // nil when off
	generation uint64                // counts writes
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	c := &cache[K, V]{}
	if size > 0 {
		c.rows, _ = simplelru.NewLRU[K, *V](size, nil) // fails for sizes below one only
	}
	return c
}

// get returns the row, or nil, and the generation to hand to fill once the row was read.
func (c *cache[K, V]) get(key K) (*V, uint64) {
	if c.rows == nil {
		return nil, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	row, _ := c.rows.Get(key)
	return row, c.generation
}

// fill remembers a row that was read, unless something was written since get.
func (c *cache[K, V]) fill(key K, row *V, generation uint64) {
	if c.rows == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.rows.Add(key, row)
	}
}

// put remembers a row that was written.
func (c *cache[K, V]) put(key K, row *V) {
	if c.rows == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.rows.Add(key, row)
}

// remove forgets a row that was changed or deleted.
func (c *cache[K, V]) remove(key K) {
	if c.rows == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.rows.Remove(key)
}

// purge forgets everything.
func (c *cache[K, V]) purge() {
	if c.rows == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.rows.Purge()
}
