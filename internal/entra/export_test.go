package entra

import (
	"context"
	"time"
)

// SetWait replaces how pauses between attempts are made.
func (c *Client) SetWait(wait func(ctx context.Context, d time.Duration) error) { c.wait = wait }

// Numbers lists the numbers that the table has.
func Numbers() []int {
	var numbers []int
	for number := range table {
		numbers = append(numbers, number)
	}
	return numbers
}
