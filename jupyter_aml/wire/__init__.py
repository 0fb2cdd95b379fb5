"""The one JSON form of the domain; `labextension/src/wire.ts` is generated from it."""
