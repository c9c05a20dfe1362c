"""The English of what the staff door refuses, one sentence each, and of the hand-off to the claims computer. Data only."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {
    # Nothing there
    "見つかりません。": "Nothing was found here.",
    "この受付は見つかりません。": "There is no such check-in.",
    "この受付機は見つかりません。": "There is no such kiosk.",
    "この呼び出しは見つかりません。": "There is no such call.",
    "この目視確認は見つかりません。": "There is no such visual check.",
    # Sessions
    "サインインしてください。": "Sign in first.",
    "しばらく操作がなかったので、もう一度サインインしてください。": "Nothing was pressed for a while. Sign in again.",
    "大切な操作です。いったんサインアウトし、もう一度サインインしてください。": "This needs a fresh sign-in. Sign out and sign in again.",
    "この操作は、あなたの役割ではできません。": "Your role does not allow this.",
    "このページからの操作ではありません。": "This did not come from a page of reception.",
    "ページを読み込み直してください。": "Reload the page.",
    # Signing in
    "ID、パスワード、確認コードのどれかが違います。": "ID, password or code is wrong.",
    "確認コードが違います。アプリにいま出ている6桁を入れてください。": "The code is wrong. Type the 6 digits that the app shows now.",
    "最後のサインイン方法なので外せません。先に別のパスキーを加えてください。": "This is the last way to sign in: add another passkey first.",
    "認証局の期限が切れています。管理者に知らせてください。": "The certificate authority has ended. Tell the administrator.",
    "パスワードは登録されていません。": "There is no password here.",
    "いまのパスワードを入れてください。": "Type the present password.",
    "いまのパスワードが違います。": "The present password is wrong.",
    "パスワードがほかの画面で変わりました。もう一度入れてください。": "The password was changed elsewhere. Type it again.",
    "このパスキーは登録されていません。": "This passkey is not known here.",
    "このIDは停止されています。管理者に相談してください。": "This ID is disabled. Ask an administrator.",
    "このパスキーは登録できません。登録済みか、数が多すぎます。": "This passkey cannot be added: it is known already, or there are too many.",
    "このアドレスではパスキーを使えません。パスワードでサインインしてください。": "Passkeys do not work at this address. Sign in with your password.",
    "このパスキーではサインインできません。ほかの方法を使ってください。": "This passkey cannot sign you in. Use another way.",
    "推測されやすいパスワードです。関係のない言葉をいくつか並べてください。": "This password is easy to guess. Use several unrelated words.",
    "もう一度の入力と違います。": "The two entries differ.",
    "暗証番号は6桁の数字です。": "The PIN has 6 digits.",
    "推測されやすい番号です。並びや同じ数字の繰り返しは使えません。": "This PIN is easy to guess: no sequences and no repeated digits.",
    "このリンクは使えません。管理者に新しいリンクを頼んでください。": "This link does not work. Ask an administrator for a new one.",
    # People
    "すでに管理者がいます。新しいリンクは管理者が作れます。": "There is an administrator already, who can make a new link.",
    "このIDは、ほかの人が使っています。": "Somebody else has this ID.",
    "停止中の人です。先に再開してください。": "This person is disabled. Re-enable them first.",
    "IDは英小文字・数字・ハイフンで32文字までです。": "An ID has a–z, 0–9 and hyphens, at most 32 characters.",
    "これ以上は登録できません。": "No more people can be added.",
    "この人は登録されていません。": "There is no such person.",
    "最後の管理者です。先にほかの人を管理者にしてください。": "This is the last administrator. Make somebody else one first.",
    "この操作はありません。": "There is no such action.",
    "役割を選んでください。": "Choose a role.",
    # Days
    "日付は 2026-11-24 のように入れてください。": "Type the date like 2026-11-24.",
    "日付は2026-11-24のように入れてください。": "Type the date like 2026-11-24.",
    "今日までの日付を入れてください。": "Type a date up to today.",
    # Kiosks
    "この受付機の鍵はすでに登録されています。受付機で kiosk enrol をやり直してください。": "This kiosk's key is enrolled already. Run kiosk enrol on the kiosk again.",
    "この受付機の登録はすでに取り消されています。": "This kiosk is revoked already.",
    "この登録の申し込みは時間切れです。受付機で kiosk enrol をやり直してください。": "This enrolment timed out. Run kiosk enrol on the kiosk again.",
    "この登録の申し込みはすでに終わっています。": "This enrolment is over already.",
    # Rows and the visual check
    "ほかの人が先に操作しました。表示を新しくしました。": "Somebody else was first. The row is shown as it is now.",
    "受付機から応答がありません。受付機のところで確認してください。": "The kiosk does not answer. Go and look at it.",
    "この方の受付は先に進みました。いまは目視確認に切り替えられません。": "This visit has moved on. It cannot be switched to the visual check now.",
    "この方の目視確認は、すでに始まっています。": "The visual check of this visit has begun already.",
    "切り替えた本人だけが、確認の結果を押せます。": "Only whoever switched to the visual check can say its result.",
    "この目視確認は終わっています。必要ならもう一度切り替えてください。": "This visual check is over. Switch to it again if needed.",
    "結果は受付機に送りました。応答を待っています。": "The result was sent to the kiosk, which has yet to answer.",
    # The hand-off: what stands at a row
    "模擬の結果は、このフォルダーには渡しません": "A simulated result is not handed to this folder",
    "本物の結果は、試験用のフォルダーには渡しません": "A real result is not handed to a test folder",
    "Shift_JISにない文字があるため、渡せません": "It has characters that Shift_JIS lacks",
    "レセコンが受け取れる形に書けません": "It cannot be written so that the claims computer takes it",
    "レセコンに渡せません": "claims: cannot be sent",
    "レセコン送信待ち": "claims: waiting",
    "結果渡しフォルダーに書くのを待っています": "Waiting to be written to the hand-off folder",
    "取込済": "claims: taken",
    "レセコンが取り込みました": "The claims computer has taken it",
    "取込待ち": "claims: sent",
    "レセコンの取り込みを待っています": "Waiting for the claims computer to take it",
    # The hand-off: troubles
    "レセコンへの結果渡しフォルダーにつながりません": "The claims computer's hand-off folder cannot be reached",
    "レセコンの電源とネットワークを確かめてください。結果は順番にたまり、つながれば自動で渡します": "Check the claims computer's power and network. Results wait and are sent by themselves",
    "結果渡しフォルダーに、ほかの機械の結果ファイルがあります": "The hand-off folder has another machine's result files",
    "資格確認端末のフォルダーには書き込めません。受付専用のフォルダーを設定してください": "The eligibility terminal's folder cannot be used. Set a folder of reception's own",
    "レセコンが受付の結果を取り込んでいません": "The claims computer does not take the results",
    "レセコンの取り込みが動いているか確かめてください。それまでは画面の内容を手で入力してください": "Check that its import runs. Until then type in what the board shows",
    "レセコンに渡せない受付の結果があります": "A result cannot be sent to the claims computer",
    "記録の「渡せません」の受付は、画面の内容を手で入力し、完了にしてください": "Type in by hand what the board shows of each “cannot be sent”, then finish it",
}

PATTERNS: Final = (
    (r"(\d+)分", "{0} min"),
    (r"続けて間違えたため、あと(.+)お待ちください。", "Too many wrong tries. Wait another {0}."),
    (r"名前は(\d+)文字までで入れてください。", "Type a name of at most {0} characters."),
    (
        r"パスワードは(\d+)文字以上にしてください。長いほど安全です。",
        "A password has at least {0} characters. The longer, the safer.",
    ),
    (r"結果渡しフォルダーに目印のファイル（(.+)）がありません", "The hand-off folder lacks its mark, the file {0}"),
    (
        r"共有フォルダーの接続を確かめてください。フォルダーを作り直したときは (.+) という空のファイルを置いてください",
        "Check the shared folder's connection. If the folder is new, put an empty file {0} into it",
    ),
    (r"(.+)・●あり", "{0}, with ●"),
    (
        r"(.+)。Shift_JISにない文字は ● で渡しました。券面で確認してください",
        "{0}. Characters that Shift_JIS lacks were sent as ●: check the card",
    ),
    (r"(.+)。画面の内容を手で入力してください", "{0}. Type in by hand what the board shows"),
)
