.PHONY: run test check format docs.make_pictures

run:          ## the app
	streamlit run streamlit_app.py

test:         ## all tests
	pytest

check:        ## style, types and tests, as continuous integration does
	ruff check . && ruff format --check . && mypy && pytest

format:       ## tidy the code
	ruff check --fix . ; ruff format .

benchmarks:   ## speed, as ratios to limits measured in the same run
	python -m benchmarks

pictures:     ## the README's screenshots, of phantoms
	python -m docs.make_pictures
