package sqlite

import (
	"context"
	"fmt"

	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/seal"
)

// sealedSQL lists and swaps what is kept sealed of each kind: ?1 and ?2 are id and name.
var sealedSQL = map[reseal.Kind]struct{ list, swap string }{
	reseal.SetupSecrets: {
		`SELECT setup, name, value FROM sealed_secrets WHERE (setup, name) > (?1, ?2) ORDER BY setup, name LIMIT ?3`,
		`UPDATE sealed_secrets SET value = ?4 WHERE setup = ?1 AND name = ?2 AND value = ?3`,
	},
	reseal.Signins: { // one that is taken holds nothing
		`SELECT lower(hex(id)), stage, sealed FROM signins WHERE (id, stage) > (unhex(?1), ?2) AND stage <> 'taken' ORDER BY id, stage LIMIT ?3`,
		`UPDATE signins SET sealed = ?4 WHERE id = unhex(?1) AND stage = ?2 AND sealed = ?3`,
	},
	reseal.Sessions: {
		`SELECT lower(hex(hash)), '', sealed FROM sessions WHERE hash > unhex(?1) AND ?2 = '' ORDER BY hash LIMIT ?3`,
		`UPDATE sessions SET sealed = ?4 WHERE hash = unhex(?1) AND ?2 = '' AND sealed = ?3`,
	},
	reseal.KeyProof: {
		`SELECT 'proof', '', sealed FROM key_proof WHERE ?1 = '' AND ?2 = '' LIMIT ?3`,
		`UPDATE key_proof SET sealed = ?4 WHERE ?1 = 'proof' AND ?2 = '' AND sealed = ?3`,
	},
}

// SealedRows implements reseal.Store.
func (s *Store) SealedRows(ctx context.Context, kind reseal.Kind, after reseal.Row, limit int) ([]reseal.Row, error) {
	rows, err := list(ctx, s.reader, scanSealed, sealedSQL[kind].list, after.ID, after.Name, limit)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	return rows, nil
}

func scanSealed(from row) (r reseal.Row, err error) {
	return r, from.Scan(&r.ID, &r.Name, (*[]byte)(&r.Value))
}

// SwapSealed implements reseal.Store.
func (s *Store) SwapSealed(ctx context.Context, kind reseal.Kind, swaps []reseal.Swap) (int, error) {
	var swapped int64
	err := s.write(ctx, "reseal "+string(kind), func(tx *tx) error {
		for _, each := range swaps {
			changed, err := tx.exec(ctx, sealedSQL[kind].swap, each.ID, each.Name, []byte(each.Value), []byte(each.Next))
			if err != nil {
				return err
			}
			swapped += changed
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return int(swapped), nil
}

// sealedCounts reads the first five bytes of each ciphertext, which tell its key.
const sealedCounts = `
	SELECT kind, head, count(*) FROM (
		SELECT '` + string(reseal.SetupSecrets) + `' AS kind, substr(value, 1, 5) AS head FROM sealed_secrets
		UNION ALL SELECT '` + string(reseal.Signins) + `', substr(sealed, 1, 5) FROM signins WHERE stage <> 'taken'
		UNION ALL SELECT '` + string(reseal.Sessions) + `', substr(sealed, 1, 5) FROM sessions
		UNION ALL SELECT '` + string(reseal.KeyProof) + `', substr(sealed, 1, 5) FROM key_proof)
	GROUP BY kind, head`

// countSealed counts what is kept sealed under each key.
func countSealed(ctx context.Context, q querier) ([]reseal.Count, error) {
	return list(ctx, q, func(from row) (c reseal.Count, err error) {
		var head []byte
		if err := from.Scan(&c.Kind, &head, &c.Values); err != nil {
			return c, err
		}
		c.Key = seal.Sealed(head).KeyID()
		return c, nil
	}, sealedCounts)
}
