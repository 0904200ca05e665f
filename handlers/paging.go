package handlers

import (
	"strconv"

	"hallpass"
	"hallpass/gen"
)

// defaultPageSize is how many there are to a page where the caller does not say.
const defaultPageSize = 20

// position is where an offset page begins and how long it may be.
type position struct{ offset, size int }

// pageAt reads where a page begins: start, as given in a page's `after`, goes before page.
func pageAt(page *gen.Page, start *gen.Start, size *gen.Size) (position, error) {
	at := position{size: defaultPageSize}
	if size != nil {
		at.size = int(*size)
	}
	if start != nil && *start != "" {
		offset, err := strconv.ParseUint(*start, 10, 31)
		if err != nil {
			return at, hallpass.Invalid("start", "must be what `after` of a page says")
		}
		at.offset = int(offset)
		return at, nil
	}
	if page != nil {
		at.offset = (int(*page) - 1) * at.size
	}
	return at, nil
}

func (at position) pagination(total int) gen.Pagination {
	p := gen.Pagination{TotalItems: int32(total), PageNumber: 1, PageSize: int32(at.size)}
	if at.size == 0 {
		return p
	}
	p.PageNumber = int32(at.offset/at.size) + 1
	p.TotalPages = int32((total + at.size - 1) / at.size)
	if next := at.offset + at.size; next < total {
		after := strconv.Itoa(next)
		p.After = &after
	}
	return p
}
