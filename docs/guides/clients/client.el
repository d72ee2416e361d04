;;; client.el --- A chat in a buffer, with chatls -*- lexical-binding: t; -*-
;; M-x chatls-ask asks, M-x chatls-cancel ends the turn that runs.  jsonrpc.el comes with Emacs 27 and later.
(require 'jsonrpc)
(require 'seq)

(defvar chatls-command (list "sh" "-c" (or (getenv "CHATLS_COMMAND") "chatls")) "As a shell reads it.")
(defvar chatls-connection nil)
(defvar chatls-session nil "The session's id, once there is one.")
(defvar chatls-running nil "Whether a turn runs.")

(defun chatls-show (&rest words)
  (with-current-buffer (get-buffer-create "*chatls*")
    (save-excursion (goto-char (point-max)) (apply #'insert words))))

(defun chatls-event (event)
  (pcase (plist-get event :kind)
    ("turnStart" (setq chatls-session (plist-get event :sessionId)))
    ("textChunk" (chatls-show (plist-get event :text)))
    ("toolCallEnd" (chatls-show "\n- " (plist-get event :title) "\n"))
    ("toolRunEnd" (chatls-show "- " (plist-get event :status) "\n"))))

(defun chatls-preview (item)
  (if (equal (plist-get item :type) "diff")
      (format "%s\n-%s\n+%s\n" (plist-get item :uri) (plist-get item :oldText) (plist-get item :newText))
    (plist-get item :text)))

(defun chatls-permit (question)
  (let* ((shown (mapcar #'chatls-preview (plist-get question :preview)))
         (title (plist-get question :title))
         (agreed (and (not (memq nil shown)) ; nobody can agree to what is not shown
                      (progn (apply #'chatls-show "\n" title "\n" shown) (y-or-n-p (concat title "? ")))))
         (kind (if agreed "allow_once" "reject_once"))
         (option (seq-find (lambda (it) (equal (plist-get it :kind) kind)) (plist-get question :options))))
    (list :outcome "selected" :optionId (plist-get option :id))))

(defun chatls-requested (_connection method params)
  (if (eq method 'chat/requestPermission)
      (chatls-permit params)
    (signal 'jsonrpc-error '((jsonrpc-error-code . -32601) (jsonrpc-error-message . "not known here")))))

(defun chatls-told (_connection method params)
  (when (eq method '$/progress) (chatls-event (plist-get params :value))))

(defun chatls-start ()
  (setq chatls-connection
        (make-instance 'jsonrpc-process-connection :name "chatls" :events-buffer-scrollback-size 0
                       :request-dispatcher #'chatls-requested :notification-dispatcher #'chatls-told
                       :process (lambda () (make-process :name "chatls" :command chatls-command :coding 'binary
                                                         :connection-type 'pipe :noquery t :stderr "*chatls log*"))))
  (jsonrpc-request chatls-connection :initialize
                   `(:processId ,(emacs-pid) :capabilities (:experimental (:chat (:version 1 :permission t)))
                     :workspaceFolders [(:uri ,(concat "file://" (expand-file-name default-directory)) :name "here")]))
  (jsonrpc-notify chatls-connection :initialized nil))

(defun chatls-end (words)
  (setq chatls-running nil)
  (chatls-show "\n(" words ")\n"))

(defun chatls-ask (question)
  (interactive "sAsk: ")
  (unless (and chatls-connection (jsonrpc-running-p chatls-connection)) (chatls-start))
  (display-buffer (get-buffer-create "*chatls*"))
  (setq chatls-running t)
  (jsonrpc-async-request chatls-connection :chat/prompt
                         `(:content ,question :partialResultToken ,question
                           ,@(and chatls-session (list :sessionId chatls-session)))
                         :timeout nil
                         :success-fn (lambda (result) (chatls-end (plist-get result :stopReason)))
                         :error-fn (lambda (error) (chatls-end (plist-get error :message)))))

(defun chatls-cancel ()
  (interactive)
  (jsonrpc-async-request chatls-connection :chat/cancel (list :sessionId chatls-session)))

(defun chatls-leave ()
  (when (and chatls-connection (jsonrpc-running-p chatls-connection))
    (jsonrpc-request chatls-connection :shutdown nil)
    (jsonrpc-notify chatls-connection :exit nil)
    (while (jsonrpc-running-p chatls-connection) (accept-process-output nil 0.05))))
(add-hook 'kill-emacs-hook #'chatls-leave)
