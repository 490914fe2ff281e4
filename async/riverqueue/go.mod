module github.com/forthright-http/forthright/async/riverqueue

go 1.26.0

require (
	github.com/forthright-http/forthright v0.0.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/riverqueue/river v0.51.1
	github.com/riverqueue/river/riverdriver/riverpgxv5 v0.51.1
	github.com/riverqueue/river/rivertype v0.51.1
)

replace github.com/forthright-http/forthright => ../..
