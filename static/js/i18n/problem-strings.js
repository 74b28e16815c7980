// @ts-check
/** What can go wrong, and what to do about it, in every interface language. */

/** @type {import('./i18n.js').Tables} */
export const PROBLEM_STRINGS = {
  en: {
    'problem.insecure-context.title':
      'This address is not secure, so the browser keeps the microphone closed',
    'problem.insecure-context.advice':
      'Open this page over https, or on the server’s own machine as http://localhost.',
    'problem.unsupported-browser.title': 'This browser cannot capture audio for captions',
    'problem.unsupported-browser.advice': 'Use a current Chrome, Edge, Firefox or Safari.',
    'problem.no-permission.title': 'The microphone is not allowed',
    'problem.no-permission.advice':
      'Allow it for this page (the icon beside the address), check the system’s privacy settings, ' +
      'then press Start again.',
    'problem.no-device.title': 'No microphone was found',
    'problem.no-device.advice':
      'Connect one, or switch it on in the system’s sound settings, then press Start again.',
    'problem.device-busy.title': 'The microphone is in use',
    'problem.device-busy.advice':
      'Another program holds it. Close that program, then press Start again.',
    'problem.audio-failed.title': 'The audio could not be started',
    'problem.audio-failed.advice':
      'Reload the page. If it happens again, try another microphone or another browser.',
    'problem.audio-paused.title': 'The system has paused the audio',
    'problem.audio-paused.advice': 'A call or another app took over. When it is done, press Resume.',
    'problem.muted.title': 'No sound reaches the microphone',
    'problem.muted.advice': 'It may be muted: check its switch and the system’s input level.',
    'problem.audio-dropped.title': 'The network is too slow',
    'problem.audio-dropped.advice':
      'Some audio could not be sent, so words may be missing. Move closer to the Wi-Fi.',
    'problem.bad-room.title': 'The room name in the address cannot be used',
    'problem.bad-room.advice':
      'Use up to 64 letters, digits, hyphens and underscores, for example ?room=main.',
    'problem.connection-lost.title': 'The server cannot be reached',
    'problem.connection-lost.advice':
      'What you say is kept for a minute and sent when the connection is back.',
    'problem.going-away.title': 'The server is restarting',
    'problem.going-away.advice': 'What you say is kept for a minute. Captions go on by themselves.',
    'problem.server-full.title': 'The server is full',
    'problem.server-full.advice':
      'It has no room for another speaker now. This page keeps trying by itself.',
    'problem.starting.title': 'The server is still loading its speech model',
    'problem.starting.advice': 'This page connects by itself as soon as it is ready.',
    'problem.refused.title': 'The server did not accept the connection',
    'problem.refused.advice':
      'It may be full, or not allow pages from this address. This page keeps trying; if it goes ' +
      'on, open the page from the server’s own address.',
    'problem.server-fault.title': 'The server made a mistake',
    'problem.server-fault.advice':
      'It is not your fault. This page is trying again; its operator finds details in the log.',
    'problem.too-slow.title': 'The server closed the connection because nothing useful came in time',
    'problem.too-slow.advice': 'This page is trying again. If it goes on, reload the page.',
    'problem.wrong-key.title': 'The server asks for a key, or this one is not good any more',
    'problem.wrong-key.advice': 'Enter a key that whoever runs the server has given you.',
    'problem.wrong-origin.title': 'The server does not accept captions from this address',
    'problem.wrong-origin.advice':
      'Open the page from the server’s own address. Its operator can allow other addresses, and ' +
      'a proxy in between must pass WebSocket connections on.',
    'problem.quota.title': 'The allowance for this key is used up',
    'problem.quota.advice': 'Ask the operator of the server for more.',
    'problem.wrong-version.title': 'This page and the server do not match',
    'problem.wrong-version.advice': 'Reload the page to get the current version.',
    'problem.session-ended.title': 'The server has ended this session',
    'problem.session-ended.advice': 'Press Start to begin a new one.',
  },

  de: {
    'problem.insecure-context.title':
      'Diese Adresse ist nicht sicher, deshalb gibt der Browser das Mikrofon nicht frei',
    'problem.insecure-context.advice':
      'Öffnen Sie die Seite über https oder auf dem Server selbst als http://localhost.',
    'problem.unsupported-browser.title':
      'Dieser Browser kann keinen Ton für Untertitel aufnehmen',
    'problem.unsupported-browser.advice':
      'Verwenden Sie eine aktuelle Version von Chrome, Edge, Firefox oder Safari.',
    'problem.no-permission.title': 'Das Mikrofon ist nicht erlaubt',
    'problem.no-permission.advice':
      'Erlauben Sie es für diese Seite (Symbol neben der Adresse), prüfen Sie die ' +
      'Datenschutzeinstellungen des Systems und drücken Sie noch einmal auf Start.',
    'problem.no-device.title': 'Es wurde kein Mikrofon gefunden',
    'problem.no-device.advice':
      'Schließen Sie eines an oder schalten Sie es in den Toneinstellungen des Systems ein; ' +
      'drücken Sie dann noch einmal auf Start.',
    'problem.device-busy.title': 'Das Mikrofon ist belegt',
    'problem.device-busy.advice':
      'Ein anderes Programm benutzt es. Schließen Sie es und drücken Sie noch einmal auf Start.',
    'problem.audio-failed.title': 'Der Ton ließ sich nicht starten',
    'problem.audio-failed.advice':
      'Laden Sie die Seite neu. Hilft das nicht, versuchen Sie es mit einem anderen Mikrofon oder Browser.',
    'problem.audio-paused.title': 'Das System hat den Ton angehalten',
    'problem.audio-paused.advice':
      'Ein Anruf oder eine andere App hat ihn übernommen. Drücken Sie danach auf Fortsetzen.',
    'problem.muted.title': 'Am Mikrofon kommt kein Ton an',
    'problem.muted.advice':
      'Vielleicht ist es stumm: Prüfen Sie seinen Schalter und den Eingangspegel des Systems.',
    'problem.audio-dropped.title': 'Das Netz ist zu langsam',
    'problem.audio-dropped.advice':
      'Ein Teil des Tons konnte nicht gesendet werden, es können Wörter fehlen. Gehen Sie näher ans WLAN.',
    'problem.bad-room.title': 'Der Raumname in der Adresse ist nicht möglich',
    'problem.bad-room.advice':
      'Erlaubt sind bis zu 64 Buchstaben ohne Umlaute, Ziffern, Binde- und Unterstriche, zum Beispiel ?room=main.',
    'problem.connection-lost.title': 'Der Server ist nicht erreichbar',
    'problem.connection-lost.advice':
      'Was Sie sagen, wird eine Minute lang aufbewahrt und gesendet, sobald die Verbindung wieder steht.',
    'problem.going-away.title': 'Der Server startet neu',
    'problem.going-away.advice':
      'Was Sie sagen, wird eine Minute lang aufbewahrt. Die Untertitel laufen von selbst weiter.',
    'problem.server-full.title': 'Der Server ist voll',
    'problem.server-full.advice':
      'Für eine weitere Person ist gerade kein Platz. Diese Seite versucht es von selbst weiter.',
    'problem.starting.title': 'Der Server lädt noch sein Sprachmodell',
    'problem.starting.advice': 'Diese Seite verbindet sich von selbst, sobald er bereit ist.',
    'problem.refused.title': 'Der Server hat die Verbindung nicht angenommen',
    'problem.refused.advice':
      'Vielleicht ist er voll oder lässt Seiten von dieser Adresse nicht zu. Diese Seite versucht ' +
      'es weiter; bleibt es dabei, öffnen Sie sie unter der Adresse des Servers selbst.',
    'problem.server-fault.title': 'Der Server hat einen Fehler gemacht',
    'problem.server-fault.advice':
      'Es liegt nicht an Ihnen. Diese Seite versucht es erneut; Näheres steht im Protokoll des Servers.',
    'problem.too-slow.title':
      'Der Server hat die Verbindung getrennt, weil zu lange nichts Brauchbares kam',
    'problem.too-slow.advice':
      'Diese Seite versucht es erneut. Bleibt es dabei, laden Sie die Seite neu.',
    'problem.wrong-key.title': 'Der Server verlangt einen Schlüssel, oder dieser gilt nicht mehr',
    'problem.wrong-key.advice':
      'Geben Sie einen Schlüssel ein, den Sie vom Betreiber des Servers haben.',
    'problem.wrong-origin.title': 'Der Server nimmt von dieser Adresse keine Untertitel an',
    'problem.wrong-origin.advice':
      'Öffnen Sie die Seite unter der Adresse des Servers selbst. Sein Betreiber kann andere ' +
      'Adressen erlauben; ein Proxy dazwischen muss WebSocket-Verbindungen weiterreichen.',
    'problem.quota.title': 'Das Kontingent für diesen Schlüssel ist aufgebraucht',
    'problem.quota.advice': 'Bitten Sie den Betreiber des Servers um mehr.',
    'problem.wrong-version.title': 'Diese Seite und der Server passen nicht zusammen',
    'problem.wrong-version.advice': 'Laden Sie die Seite neu, um die aktuelle Fassung zu erhalten.',
    'problem.session-ended.title': 'Der Server hat diese Sitzung beendet',
    'problem.session-ended.advice': 'Drücken Sie auf Start, um eine neue zu beginnen.',
  },

  fr: {
    'problem.insecure-context.title':
      'Cette adresse n’est pas sécurisée : le navigateur garde le micro fermé',
    'problem.insecure-context.advice':
      'Ouvrez cette page en https, ou sur la machine du serveur avec http://localhost.',
    'problem.unsupported-browser.title':
      'Ce navigateur ne peut pas capter le son pour les sous-titres',
    'problem.unsupported-browser.advice':
      'Utilisez une version récente de Chrome, Edge, Firefox ou Safari.',
    'problem.no-permission.title': 'Le micro n’est pas autorisé',
    'problem.no-permission.advice':
      'Autorisez-le pour cette page (l’icône à côté de l’adresse), vérifiez les réglages de ' +
      'confidentialité du système, puis appuyez de nouveau sur Démarrer.',
    'problem.no-device.title': 'Aucun micro trouvé',
    'problem.no-device.advice':
      'Branchez-en un, ou activez-le dans les réglages du son, puis appuyez de nouveau sur Démarrer.',
    'problem.device-busy.title': 'Le micro est déjà utilisé',
    'problem.device-busy.advice':
      'Un autre programme l’occupe. Fermez-le, puis appuyez de nouveau sur Démarrer.',
    'problem.audio-failed.title': 'Le son n’a pas pu démarrer',
    'problem.audio-failed.advice':
      'Rechargez la page. Si cela se reproduit, essayez un autre micro ou un autre navigateur.',
    'problem.audio-paused.title': 'Le système a suspendu le son',
    'problem.audio-paused.advice':
      'Un appel ou une autre application l’a pris. Ensuite, appuyez sur Reprendre.',
    'problem.muted.title': 'Aucun son n’arrive au micro',
    'problem.muted.advice':
      'Il est peut-être coupé : vérifiez son interrupteur et le niveau d’entrée du système.',
    'problem.audio-dropped.title': 'Le réseau est trop lent',
    'problem.audio-dropped.advice':
      'Une partie du son n’a pas pu être envoyée, des mots peuvent manquer. Rapprochez-vous du Wi-Fi.',
    'problem.bad-room.title': 'Le nom de salle dans l’adresse n’est pas utilisable',
    'problem.bad-room.advice':
      'Jusqu’à 64 lettres sans accent, chiffres, tirets et tirets bas, par exemple ?room=main.',
    'problem.connection-lost.title': 'Le serveur est injoignable',
    'problem.connection-lost.advice':
      'Ce que vous dites est gardé une minute et envoyé dès que la connexion revient.',
    'problem.going-away.title': 'Le serveur redémarre',
    'problem.going-away.advice':
      'Ce que vous dites est gardé une minute. Les sous-titres reprendront d’eux-mêmes.',
    'problem.server-full.title': 'Le serveur est complet',
    'problem.server-full.advice':
      'Il n’a pas de place pour un autre orateur. Cette page réessaie d’elle-même.',
    'problem.starting.title': 'Le serveur charge encore son modèle de parole',
    'problem.starting.advice': 'Cette page se connectera d’elle-même dès qu’il sera prêt.',
    'problem.refused.title': 'Le serveur n’a pas accepté la connexion',
    'problem.refused.advice':
      'Il est peut-être complet, ou n’accepte pas les pages de cette adresse. Cette page réessaie ; ' +
      'si cela dure, ouvrez-la depuis l’adresse du serveur.',
    'problem.server-fault.title': 'Le serveur a commis une erreur',
    'problem.server-fault.advice':
      'Vous n’y êtes pour rien. Cette page réessaie ; l’exploitant trouvera les détails dans le journal.',
    'problem.too-slow.title':
      'Le serveur a fermé la connexion, car rien d’utile n’est arrivé à temps',
    'problem.too-slow.advice': 'Cette page réessaie. Si cela dure, rechargez-la.',
    'problem.wrong-key.title': 'Le serveur demande une clé, ou celle-ci n’est plus valable',
    'problem.wrong-key.advice': 'Saisissez une clé donnée par la personne qui gère le serveur.',
    'problem.wrong-origin.title': 'Le serveur n’accepte pas de sous-titres depuis cette adresse',
    'problem.wrong-origin.advice':
      'Ouvrez la page depuis l’adresse du serveur. Son exploitant peut autoriser d’autres adresses, ' +
      'et un proxy intermédiaire doit laisser passer les connexions WebSocket.',
    'problem.quota.title': 'Le quota de cette clé est épuisé',
    'problem.quota.advice': 'Demandez-en davantage à l’exploitant du serveur.',
    'problem.wrong-version.title': 'Cette page et le serveur ne correspondent pas',
    'problem.wrong-version.advice': 'Rechargez la page pour obtenir la version actuelle.',
    'problem.session-ended.title': 'Le serveur a mis fin à cette session',
    'problem.session-ended.advice': 'Appuyez sur Démarrer pour en commencer une nouvelle.',
  },

  es: {
    'problem.insecure-context.title':
      'Esta dirección no es segura, así que el navegador mantiene cerrado el micrófono',
    'problem.insecure-context.advice':
      'Abra esta página con https, o en el propio servidor como http://localhost.',
    'problem.unsupported-browser.title':
      'Este navegador no puede captar sonido para los subtítulos',
    'problem.unsupported-browser.advice':
      'Use una versión actual de Chrome, Edge, Firefox o Safari.',
    'problem.no-permission.title': 'El micrófono no está permitido',
    'problem.no-permission.advice':
      'Permítalo para esta página (el icono junto a la dirección), revise la privacidad del ' +
      'sistema y pulse Empezar de nuevo.',
    'problem.no-device.title': 'No se encontró ningún micrófono',
    'problem.no-device.advice':
      'Conecte uno, o actívelo en los ajustes de sonido del sistema, y pulse Empezar de nuevo.',
    'problem.device-busy.title': 'El micrófono está en uso',
    'problem.device-busy.advice':
      'Otro programa lo tiene ocupado. Ciérrelo y pulse Empezar de nuevo.',
    'problem.audio-failed.title': 'No se pudo iniciar el sonido',
    'problem.audio-failed.advice':
      'Recargue la página. Si vuelve a ocurrir, pruebe otro micrófono u otro navegador.',
    'problem.audio-paused.title': 'El sistema ha pausado el sonido',
    'problem.audio-paused.advice':
      'Lo ha tomado una llamada u otra aplicación. Cuando termine, pulse Reanudar.',
    'problem.muted.title': 'No llega sonido al micrófono',
    'problem.muted.advice':
      'Puede que esté silenciado: revise su interruptor y el nivel de entrada del sistema.',
    'problem.audio-dropped.title': 'La red es demasiado lenta',
    'problem.audio-dropped.advice':
      'Parte del sonido no se pudo enviar y pueden faltar palabras. Acérquese al wifi.',
    'problem.bad-room.title': 'El nombre de sala de la dirección no se puede usar',
    'problem.bad-room.advice':
      'Use hasta 64 letras sin acentos, cifras, guiones y guiones bajos, por ejemplo ?room=main.',
    'problem.connection-lost.title': 'No se puede contactar con el servidor',
    'problem.connection-lost.advice':
      'Lo que diga se guarda un minuto y se envía cuando vuelva la conexión.',
    'problem.going-away.title': 'El servidor se está reiniciando',
    'problem.going-away.advice':
      'Lo que diga se guarda un minuto. Los subtítulos seguirán solos.',
    'problem.server-full.title': 'El servidor está lleno',
    'problem.server-full.advice':
      'Ahora no tiene sitio para otra persona. Esta página lo sigue intentando sola.',
    'problem.starting.title': 'El servidor todavía carga su modelo de voz',
    'problem.starting.advice': 'Esta página se conecta sola en cuanto esté listo.',
    'problem.refused.title': 'El servidor no aceptó la conexión',
    'problem.refused.advice':
      'Puede estar lleno o no permitir páginas de esta dirección. Esta página lo sigue ' +
      'intentando; si continúa, ábrala desde la dirección del propio servidor.',
    'problem.server-fault.title': 'El servidor cometió un error',
    'problem.server-fault.advice':
      'No es culpa suya. Esta página lo intenta de nuevo; los detalles están en el registro del servidor.',
    'problem.too-slow.title': 'El servidor cerró la conexión porque no llegó nada útil a tiempo',
    'problem.too-slow.advice': 'Esta página lo intenta de nuevo. Si continúa, recárguela.',
    'problem.wrong-key.title': 'El servidor pide una clave, o esta ya no es válida',
    'problem.wrong-key.advice': 'Introduzca una clave que le haya dado quien gestiona el servidor.',
    'problem.wrong-origin.title': 'El servidor no acepta subtítulos desde esta dirección',
    'problem.wrong-origin.advice':
      'Abra la página desde la dirección del propio servidor. Quien lo administra puede permitir ' +
      'otras, y un proxy intermedio debe dejar pasar las conexiones WebSocket.',
    'problem.quota.title': 'Se ha agotado el cupo de esta clave',
    'problem.quota.advice': 'Pida más a quien administra el servidor.',
    'problem.wrong-version.title': 'Esta página y el servidor no concuerdan',
    'problem.wrong-version.advice': 'Recargue la página para obtener la versión actual.',
    'problem.session-ended.title': 'El servidor ha terminado esta sesión',
    'problem.session-ended.advice': 'Pulse Empezar para iniciar otra.',
  },

  uk: {
    'problem.insecure-context.title':
      'Ця адреса не захищена, тому браузер не відкриває мікрофон',
    'problem.insecure-context.advice':
      'Відкрийте сторінку через https або на самому сервері як http://localhost.',
    'problem.unsupported-browser.title': 'Цей браузер не може записувати звук для субтитрів',
    'problem.unsupported-browser.advice':
      'Скористайтеся сучасною версією Chrome, Edge, Firefox або Safari.',
    'problem.no-permission.title': 'Доступ до мікрофона не дозволено',
    'problem.no-permission.advice':
      'Дозвольте його для цієї сторінки (значок біля адреси), перевірте налаштування ' +
      'конфіденційності системи й натисніть «Почати» ще раз.',
    'problem.no-device.title': 'Мікрофон не знайдено',
    'problem.no-device.advice':
      'Під’єднайте його або ввімкніть у налаштуваннях звуку й натисніть «Почати» ще раз.',
    'problem.device-busy.title': 'Мікрофон зайнятий',
    'problem.device-busy.advice':
      'Його використовує інша програма. Закрийте її й натисніть «Почати» ще раз.',
    'problem.audio-failed.title': 'Не вдалося запустити звук',
    'problem.audio-failed.advice':
      'Перезавантажте сторінку. Якщо це повториться, спробуйте інший мікрофон або браузер.',
    'problem.audio-paused.title': 'Система призупинила звук',
    'problem.audio-paused.advice':
      'Його зайняв дзвінок або інша програма. Потім натисніть «Продовжити».',
    'problem.muted.title': 'Мікрофон не чує звуку',
    'problem.muted.advice':
      'Можливо, його вимкнено: перевірте перемикач і рівень входу в системі.',
    'problem.audio-dropped.title': 'Мережа надто повільна',
    'problem.audio-dropped.advice':
      'Частину звуку не вдалося надіслати, тож слів може бракувати. Підійдіть ближче до Wi-Fi.',
    'problem.bad-room.title': 'Назва кімнати в адресі не годиться',
    'problem.bad-room.advice':
      'До 64 латинських літер, цифр, дефісів і підкреслень, наприклад ?room=main.',
    'problem.connection-lost.title': 'Сервер недоступний',
    'problem.connection-lost.advice':
      'Сказане зберігається хвилину й буде надіслане, щойно зв’язок відновиться.',
    'problem.going-away.title': 'Сервер перезапускається',
    'problem.going-away.advice':
      'Сказане зберігається хвилину. Субтитри продовжаться самі.',
    'problem.server-full.title': 'Сервер переповнений',
    'problem.server-full.advice':
      'Зараз немає місця для ще одного промовця. Сторінка сама пробує далі.',
    'problem.starting.title': 'Сервер ще завантажує мовну модель',
    'problem.starting.advice': 'Сторінка під’єднається сама, щойно він буде готовий.',
    'problem.refused.title': 'Сервер не прийняв з’єднання',
    'problem.refused.advice':
      'Він може бути переповнений або не допускати сторінок із цієї адреси. Сторінка пробує далі; ' +
      'якщо так триватиме, відкрийте її за адресою самого сервера.',
    'problem.server-fault.title': 'На сервері сталася помилка',
    'problem.server-fault.advice':
      'Ви не винні. Сторінка пробує знову; подробиці є в журналі сервера.',
    'problem.too-slow.title':
      'Сервер закрив з’єднання, бо вчасно не надійшло нічого корисного',
    'problem.too-slow.advice':
      'Сторінка пробує знову. Якщо так триватиме, перезавантажте її.',
    'problem.wrong-key.title': 'Сервер просить ключ, або цей більше не дійсний',
    'problem.wrong-key.advice': 'Введіть ключ, який вам дав власник сервера.',
    'problem.wrong-origin.title': 'Сервер не приймає субтитрів із цієї адреси',
    'problem.wrong-origin.advice':
      'Відкрийте сторінку за адресою самого сервера. Його адміністратор може дозволити інші ' +
      'адреси, а проксі між ними має пропускати з’єднання WebSocket.',
    'problem.quota.title': 'Ліміт цього ключа вичерпано',
    'problem.quota.advice': 'Попросіть адміністратора сервера збільшити його.',
    'problem.wrong-version.title': 'Ця сторінка й сервер не відповідають одне одному',
    'problem.wrong-version.advice': 'Перезавантажте сторінку, щоб отримати поточну версію.',
    'problem.session-ended.title': 'Сервер завершив цей сеанс',
    'problem.session-ended.advice': 'Натисніть «Почати», щоб розпочати новий.',
  },

  ar: {
    'problem.insecure-context.title': 'هذا العنوان غير آمن، لذلك يُبقي المتصفح الميكروفون مغلقًا',
    'problem.insecure-context.advice':
      'افتح هذه الصفحة عبر https، أو على جهاز الخادم نفسه بالعنوان http://localhost.',
    'problem.unsupported-browser.title': 'لا يستطيع هذا المتصفح التقاط الصوت للتسميات التوضيحية',
    'problem.unsupported-browser.advice': 'استخدم إصدارًا حديثًا من Chrome أو Edge أو Firefox أو Safari.',
    'problem.no-permission.title': 'الميكروفون غير مسموح به',
    'problem.no-permission.advice':
      'اسمح به لهذه الصفحة (الرمز بجانب العنوان)، وراجع إعدادات الخصوصية في النظام، ثم اضغط «ابدأ» من جديد.',
    'problem.no-device.title': 'لم يُعثر على ميكروفون',
    'problem.no-device.advice':
      'وصّل ميكروفونًا أو شغّله من إعدادات الصوت في النظام، ثم اضغط «ابدأ» من جديد.',
    'problem.device-busy.title': 'الميكروفون قيد الاستخدام',
    'problem.device-busy.advice': 'يستخدمه برنامج آخر. أغلق ذلك البرنامج ثم اضغط «ابدأ» من جديد.',
    'problem.audio-failed.title': 'تعذّر تشغيل الصوت',
    'problem.audio-failed.advice':
      'أعد تحميل الصفحة. إن تكرر ذلك فجرّب ميكروفونًا آخر أو متصفحًا آخر.',
    'problem.audio-paused.title': 'أوقف النظام الصوت مؤقتًا',
    'problem.audio-paused.advice': 'أخذته مكالمة أو تطبيق آخر. بعد انتهائه اضغط «استئناف».',
    'problem.muted.title': 'لا يصل أي صوت إلى الميكروفون',
    'problem.muted.advice': 'ربما كان مكتومًا: افحص مفتاحه ومستوى الإدخال في النظام.',
    'problem.audio-dropped.title': 'الشبكة بطيئة جدًا',
    'problem.audio-dropped.advice':
      'تعذّر إرسال جزء من الصوت، فقد تنقص كلمات. اقترب من شبكة Wi-Fi.',
    'problem.bad-room.title': 'لا يمكن استخدام اسم الغرفة الموجود في العنوان',
    'problem.bad-room.advice':
      'استخدم حتى 64 من الحروف اللاتينية والأرقام والشرطات والشرطات السفلية، مثل ?room=main.',
    'problem.connection-lost.title': 'لا يمكن الوصول إلى الخادم',
    'problem.connection-lost.advice': 'يُحفظ ما تقوله دقيقة واحدة ويُرسل عند عودة الاتصال.',
    'problem.going-away.title': 'الخادم يعيد التشغيل',
    'problem.going-away.advice': 'يُحفظ ما تقوله دقيقة واحدة، وتتابع التسميات التوضيحية تلقائيًا.',
    'problem.server-full.title': 'الخادم ممتلئ',
    'problem.server-full.advice':
      'لا مكان فيه لمتحدث آخر الآن. تواصل هذه الصفحة المحاولة تلقائيًا.',
    'problem.starting.title': 'ما زال الخادم يحمّل نموذج الكلام',
    'problem.starting.advice': 'تتصل هذه الصفحة تلقائيًا حالما يصبح جاهزًا.',
    'problem.refused.title': 'لم يقبل الخادم الاتصال',
    'problem.refused.advice':
      'ربما كان ممتلئًا أو لا يسمح بصفحات من هذا العنوان. تواصل الصفحة المحاولة؛ وإن استمر ذلك ' +
      'فافتحها من عنوان الخادم نفسه.',
    'problem.server-fault.title': 'حدث خطأ في الخادم',
    'problem.server-fault.advice':
      'الخطأ ليس منك. تحاول هذه الصفحة مجددًا، ويجد المشغّل التفاصيل في السجل.',
    'problem.too-slow.title': 'أغلق الخادم الاتصال لأنه لم يصله شيء مفيد في الوقت المناسب',
    'problem.too-slow.advice': 'تحاول هذه الصفحة مجددًا. إن استمر ذلك فأعد تحميلها.',
    'problem.wrong-key.title': 'يطلب الخادم مفتاحًا، أو لم يعد هذا المفتاح صالحًا',
    'problem.wrong-key.advice': 'أدخل مفتاحًا أعطاك إياه مشغّل الخادم.',
    'problem.wrong-origin.title': 'لا يقبل الخادم تسميات توضيحية من هذا العنوان',
    'problem.wrong-origin.advice':
      'افتح الصفحة من عنوان الخادم نفسه. يستطيع مشغّله السماح بعناوين أخرى، وعلى أي وكيل بينهما ' +
      'أن يمرّر اتصالات WebSocket.',
    'problem.quota.title': 'نفدت الحصة المسموح بها لهذا المفتاح',
    'problem.quota.advice': 'اطلب المزيد من مشغّل الخادم.',
    'problem.wrong-version.title': 'هذه الصفحة والخادم غير متوافقين',
    'problem.wrong-version.advice': 'أعد تحميل الصفحة للحصول على الإصدار الحالي.',
    'problem.session-ended.title': 'أنهى الخادم هذه الجلسة',
    'problem.session-ended.advice': 'اضغط «ابدأ» لبدء جلسة جديدة.',
  },
};
