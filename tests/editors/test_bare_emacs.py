"""Emacs with eglot as it comes, without a screen, set up as docs/guides/editors-without-a-plugin.md says."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon.raw import CHATLS, SOON, environment
from tests.editors import others
from tests.editors.conftest import Json, play
from tests.editors.fetch import NoEditorError
from tests.editors.test_bare import EDIT, READ, configured

MORE = [{"old_text": "def main", "new_text": "def greet"}]
AGAIN = {"toolCall": {"name": "edit_file", "arguments": {"path": "src/app.py", "edits": MORE}}}
HELPERS = """
(require 'cl-lib)
(setq make-backup-files nil eglot-sync-connect 20 asked nil)
(defun answer (prompt choices &rest _)
  (push prompt asked)
  (car (or (member "Allow once" choices) (mapcar (lambda (it) (if (consp it) (car it) it)) choices))))
(setq completing-read-function #'answer)
(defun sheet ()
  (cl-find-if (lambda (it) (string-suffix-p ".md" (or (buffer-file-name it) ""))) (buffer-list)))
(defun text (buffer) (if buffer (with-current-buffer buffer (buffer-string)) ""))
(defun wait-for (found)
  (let ((end (+ (float-time) 30)))
    (while (not (funcall found))
      (when (> (float-time) end) (error "Not within 30 seconds: %s" (text (sheet))))
      (accept-process-output nil 0.05))))
(defun wait-for-text (words) (wait-for (lambda () (string-search words (text (sheet))))))
(defun act (title)
  (let* ((server (eglot-current-server))
         (actions (eglot-code-actions (point-min) (point-max)))
         (action (cl-find-if (lambda (it) (string-prefix-p title (plist-get it :title))) actions)))
    (unless action (error "No action %s among %S" title actions))
    (eglot-execute server action)))
(find-file "src/app.py")
(python-mode)
(call-interactively 'eglot)
"""
Emacs = Callable[..., str]


@pytest.fixture(scope="session")
def program() -> Path:
    if os.environ.get("CHATLS_SKIP_EDITORS") == "1":
        pytest.skip("CHATLS_SKIP_EDITORS is set: Emacs is NOT tested")
    try:
        return others.emacs()
    except NoEditorError as error:
        pytest.skip(f"Emacs is NOT tested: there is none, and none can be had ({error})")


@pytest.fixture
def emacs(tmp_path: Path, project: Path, program: Path) -> Emacs:
    """Gives what a program in Emacs Lisp says last, once it ran in the project."""

    def run(code: str, *replies: list[Json]) -> str:
        play(tmp_path, *replies)
        guide = configured("elisp").replace('("chatls")', "(" + " ".join(map(json.dumps, CHATLS)) + ")")
        script = tmp_path / "init.el"
        script.write_text(f"(require 'eglot)\n{guide}\n{HELPERS}\n{code}\n")
        done = subprocess.run(
            [program, "--batch", "-Q", "--eval", "(setq native-comp-jit-compilation nil)", "-l", script],
            cwd=project,
            env=environment(tmp_path, LANG="C.UTF-8"),
            capture_output=True,
            text=True,
            timeout=3 * SOON,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_select_act_see_the_answer_write_on_and_cancel(emacs: Emacs) -> None:
    said = emacs(
        """
        (act "Explain")
        (wait-for-text "_Write below")
        (princ (text (sheet)))
        (with-current-buffer (sheet) (goto-char (point-max)) (insert "Go on.") (save-buffer))
        (act "Send \\"Go on.\\"")
        (wait-for-text "A long poem")
        (chatls-cancel)
        (wait-for-text "> (cancelled)")
        (princ (text (sheet)))
        """,
        [{"text": "It greets."}],
        [{"text": "A long poem"}, {"hang": True}],
    )
    assert "## chatls\n\nIt greets.\n\n_Write below" in said
    assert "It greets.\n\n## You\n\nGo on.\n\n## chatls\n\nA long poem\n\n> (cancelled)\n\n_Write below" in said


def test_what_is_changed_is_asked_and_two_changes_in_a_row_go_where_they_belong(emacs: Emacs, project: Path) -> None:
    """Emacs tells of neither before somebody types."""
    said = emacs(
        """
        (act "Document")
        (wait-for-text "_Write below")
        (princ (text (sheet)))
        (princ (format "%S" asked))
        (princ (buffer-string))
        (save-buffer)
        """,
        [READ],
        [EDIT],
        [AGAIN],
        [{"text": "Done."}],
    )
    assert said.count("> edit_file src/app.py: completed") == 2
    assert said.count("chatls: edit_file src/app.py") == 2
    assert (project / "src/app.py").read_text().startswith('def greet() -> None:\n    print("hello, you")')


def test_words_of_ones_own_are_asked_without_a_menu(emacs: Emacs) -> None:
    said = emacs('(chatls-ask "Why?") (wait-for-text "_Write below") (princ (text (sheet)))', [{"text": "Because."}])
    assert "## You\n\nWhy?\n\n## chatls\n\nBecause." in said
