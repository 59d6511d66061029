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
	$(BIN)/sonify compose samples/geumeum.txt -o demo/geumeum.ogg
	$(BIN)/sonify page samples/maengnori.epub -o demo/maengnori.html
	@echo
	@echo "To hear and see the novel, open demo/maengnori.html in a browser; demo/geumeum.ogg is the poem"
	@echo "to listen to. The soundtracks for any MIDI player or notation program (GarageBand, MuseScore,"
	@echo "VLC, Windows Media Player) are demo/maengnori.mid and demo/geumeum.mid; the .json beside each"
	@echo "says what was done with every sentence."

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
