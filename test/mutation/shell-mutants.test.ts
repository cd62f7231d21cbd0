import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { mutated, shellMutants } from "./shell-mutants";

/** Every script that one change makes. */
const from = (script: string, mutator?: string) =>
  shellMutants(script)
    .filter((mutant) => mutator === undefined || mutant.mutator === mutator)
    .map((mutant) => mutated(script, mutant));

describe("a script is changed", () => {
  it.each([
    ["a statement is dropped", "Statement", "a=1\nrm x", [":\nrm x", "a=1\n:"]],
    ["a declaration without a value stays", "Statement", "f() {\n  local a\n}", []],
    ["an && becomes ||, an || becomes &&", "Logic", "a && b || c", ["a && b && c", "a || b || c"]],
    ["a command that decides is negated", "Negation", "a && b", ["! a && b"]],
    ["a negated command is no longer", "Negation", "if ! a; then b; fi", ["if a; then b; fi"]],
    ["a test becomes its opposite, once", "Test", "[[ -z $a ]] && b", ["[[ -n $a ]] && b"]],
    ["a negated test is no longer", "Test", "[[ ! -e x ]] && b", ["[[ -e x ]] && b"]],
    ["a comparison is turned around", "Comparison", '[[ "$a" == b ]] || c', ['[[ "$a" != b ]] || c']],
    ["a limit moves by one", "Arithmetic", "((a <= 1)) && b", ["((a < 1)) && b"]],
    ["a flag is dropped", "Flag", "curl --fail -L x", ["curl -L x", "curl --fail x"]],
    ["flags in one word are dropped one by one", "Flag", "rm -rf x", ["rm -f x", "rm -r x"]],
    ["set loses an option with its name", "Flag", "set -euo pipefail", ["set -uo pipefail", "set -eo pipefail", "set -eu"]],
    ["a number grows, a failure becomes none", "Number", "sleep 5\nexit 1", ["sleep 6\nexit 1", "sleep 5\nexit 0"]],
    ["an octal number becomes zero", "Number", "umask 022", ["umask 0"]],
    ["what does nothing stays", "Statement", "a || true\n:", []],
    ["what a script sources stays", undefined, 'source "$(dirname "$0")/lib.sh"\nb', ['source "$(dirname "$0")/lib.sh"\n:']],
    ["a message is emptied", "Message", 'fail "no such file"', ['fail ""']],
    ["the end of a pipe is taken away", "Pipe", "a | b", ["a"]],
    ["a pattern of a case is taken away", "Pattern", "case x in a | b) c ;; esac", ["case x in b) c ;; esac", "case x in a) c ;; esac"]],
    ["a redirection is taken away, unless it hides errors", "Redirection", "a >b 2>/dev/null", ["a  2>/dev/null"]],
  ])("%s", (_, mutator, script, expected) => expect(from(script, mutator)).toEqual(expected));

  it("and stays a script of bash, and another one than before", () => {
    const script = 'set -eu\nf() { [[ -n "$1" ]] || return 1; }\nif f "$(cat x | tr -d b)"; then echo >&2 "é"; else exit 2; fi\n';
    const all = from(script);
    expect(all.length).toBeGreaterThan(12);
    expect(new Set(all).size).toBe(all.length);
    for (const one of all) {
      expect(one).not.toBe(script);
      expect([one, spawnSync("bash", ["-n"], { input: one }).status]).toEqual([one, 0]);
    }
  });

  it("says in which lines the changed statement stands: of a list, not of the function around it", () => {
    const script = "f() {\n  a\n  b ||\n    c\n}\n";
    expect(shellMutants(script).find(({ original }) => original === "c")).toMatchObject({ line: 4, lines: [3, 4] });
  });
});
