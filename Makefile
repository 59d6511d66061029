# make demo and make test need Python 3.11 or newer, pip and make; the rest is installed here.
PYTHON ?= python3
BIN := .venv/bin
# Works where Python comes without ensurepip too, as Debian's does.
INSTALL := $(PYTHON) -m pip --python $(BIN)/python install --quiet --constraint constraints.txt

.PHONY: demo test test-training lint clean

demo: .venv/installed
	mkdir -p demo
	$(BIN)/sonify compose samples/maengnori.epub -o demo/maengnori.mid --report demo/maengnori.json
	$(BIN)/sonify compose samples/geumeum.txt -o demo/geumeum.mid --report demo/geumeum.json
	@echo
	@echo "The soundtracks are demo/maengnori.mid and demo/geumeum.mid; the .json beside each says what"
	@echo "was done with every sentence. To hear them, open them in any MIDI player or notation"
	@echo "program (GarageBand, MuseScore, VLC, Windows Media Player), or run"
	@echo "    fluidsynth -i SOUNDFONT.sf2 demo/maengnori.mid"

test: .venv/tested
	$(BIN)/python -m pytest -q

# What checks the models' making against TensorFlow, Magenta, gensim and PyTorch.
test-training: .venv/trained
	$(BIN)/python -m pytest -q tests/training

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv demo build dist

.venv/bin/python:
	$(PYTHON) -m venv --without-pip .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable .
	@touch $@

.venv/tested: .venv/installed
	$(INSTALL) --editable ".[test]"
	@touch $@

# Magenta's pins can't be resolved any more; without them it works.
.venv/trained: .venv/tested
	$(INSTALL) --editable ".[test,training]"
	$(INSTALL) --no-deps magenta==2.1.4
	@touch $@
