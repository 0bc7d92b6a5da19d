import pytest
@pytest.mark.parametrize("page",[None,"dataset/page.py","prediction/page.py","performance/page.py","review/page.py","threshold/page.py","training/page.py"])
@pytest.mark.parametrize("with_run",[False,True])
def test_smoke(app, page, with_run, request):
    if with_run: request.getfixturevalue("tiny_run")
    at = app(page)
    print(page, with_run, [e.value for e in at.error], [e.message for e in at.exception])
    assert not at.exception
