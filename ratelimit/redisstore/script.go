package redisstore

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
)

//go:embed script.lua
var source string

// script is what Redis runs, and its name there.
type script struct{ source, sum any } // strings

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) // the name that EVALSHA wants
	return script{source, hex.EncodeToString(sum[:])}
}

// operation of the script.
type operation int

const (
	peek operation = iota
	take
	adjust
	reset // an adjustment that fills
)

func (o operation) String() string { return [...]string{"peek", "take", "adjust", "reset"}[o] }

// Of the script's argument: how many doubles begin it, and how many a policy has.
const (
	head      = 3
	perPolicy = 7
)

// pack makes the script's argument.
func pack(op operation, cost int64, ids []int64, policies []ratelimit.Policy) []byte {
	b := make([]byte, 0, 8*(head+perPolicy*len(policies)))
	for _, n := range [head]int64{min(int64(op), int64(adjust)), longest, int64(len(policies))} {
		b = appendDouble(b, n)
	}
	for i := range policies {
		p := &policies[i]
		limit, price := units(p, uint64(p.Burst)), amount{}
		switch {
		case op == reset:
			price.us = -longest
		case cost > 0:
			price = units(p, uint64(cost))
		case cost < 0:
			price = units(p, -uint64(cost)) // also of the least int64
			price.us, price.part = -price.us, -price.part
		}
		shadow := int64(0)
		if p.Shadow {
			shadow = 1
		}
		for _, n := range [perPolicy]int64{ids[i], p.Quota, limit.us, limit.part, price.us, price.part, shadow} {
			b = appendDouble(b, n)
		}
	}
	return b
}

func appendDouble(b []byte, n int64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(n)))
}

// once is a command that the client does not repeat: Redis may have counted it before
// the answer was lost. A cluster's redirections are followed.
type once struct{ *redis.IntSliceCmd }

// NoRetry tells the client.
func (once) NoRetry() bool { return true }

// run runs the script: in one round trip, or, where Redis does not know it yet, in two.
func (s script) run(ctx context.Context, client redis.UniversalClient, name string, argument []byte) ([]int64, error) {
	out, err := eval(ctx, client, "evalsha", s.sum, name, argument)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		return eval(ctx, client, "eval", s.source, name, argument)
	}
	return out, err
}

func eval(ctx context.Context, client redis.UniversalClient, command string, what any, name string, argument []byte) ([]int64, error) {
	cmd := once{redis.NewIntSliceCmd(ctx, command, what, 1, name, argument)}
	cmd.SetFirstKeyPos(3)
	cmd.SetStepCount(1) // else a cluster's client asks for it, with a deadline of its own
	_ = client.Process(ctx, cmd)
	return cmd.Result()
}

// state is what the script says of one policy.
type state struct {
	charged bool
	amount
}

// errAnswer: the answer is none of the script's.
var errAnswer = errors.New("the answer is not that of the script")

// states reads the script's answer.
func states(out []int64, policies []ratelimit.Policy) ([]state, error) {
	if len(out) != 3*len(policies) {
		return nil, errAnswer
	}
	list := make([]state, len(policies))
	for i := range list {
		st := state{out[3*i] == 1, amount{out[3*i+1], out[3*i+2]}}
		if st.us < 0 || st.us > longest || st.part < 0 || st.part >= policies[i].Quota {
			return nil, errAnswer
		}
		list[i] = st
	}
	return list, nil
}
