# SPDX-License-Identifier: Apache-2.0
"""What the synthesisers are asked to say: sentences of our own in each language, and Debian's fortunes where installed.

Only the sounds are used; no text is shipped. Words are also drawn in random order, so that few sentences give many
neighbourhoods of sounds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

import numpy as np

FORTUNES = Path("/usr/share/games/fortunes")
FORTUNE_FILES = {
    "en": ("fortunes", "literature", "people", "work", "wisdom", "science", "food", "love", "kids"),
    "de": ("de/zitate", "de/sprichworte", "de/murphy", "de/anekdoten"),
    "es": ("es/arte", "es/ciencia", "es/sabiduria", "es/refranes", "es/amistad", "es/proverbios"),
    "it": ("italia", "formiche", "leggi"),
    "cs": ("cs/citaty", "cs/murphy", "cs/prislovi", "cs/cimrman", "cs/pratchett"),
    "ru": ("ru/aforizmy", "ru/mudrosti", "ru/poslovicy"),
}
LONGEST = 110

SENTENCES = {
    "en": """Five brave women move the heavy piano by Friday. We fought through thick fog before the boat came home.
Who would have thought that Bob and Pam have both given up? Push the blue button, then pull the wooden lever.
My father vowed to bring warm bread, ripe plums and a bottle of beer. Few people believe a word of what you've been
saying. Your mother asked about the unusual measure of pleasure. Watch how the wolf and the fox quickly jump over.""",
    "de": """Fünf Bauern prüfen morgen früh die warmen Öfen. Wir haben viele böse Wölfe im tiefen Wald gesehen.
Meine Mutter bäckt am Freitag süße Pfannkuchen mit Pflaumenmus. Über den Fluss führt eine schmale Brücke aus Holz.
Bitte bleiben Sie bei dem blauen Auto vor der Tür stehen. Der junge Koch schöpft die heiße Suppe in große Töpfe.
Warum wollt ihr immer wissen, was ich heute gemacht habe? Zwei Vögel fliegen quer über die weite Heide.""",
    "fr": """Mon père préfère boire du vin blanc avant le repas. Vous avez vu passer un beau bateau bleu sur le fleuve.
Peux-tu fermer la fenêtre, il fait froid dans la chambre. Une jeune femme vend des pommes et du beurre au marché.
Pourquoi voulez-vous bouger tous ces meubles aujourd'hui? Le feu brûle doucement au milieu de la nuit. Huit moines
muets marchent vers le vieux pont. Je voudrais un peu plus de soupe, s'il vous plaît. Ma voisine a bu de l'eau.""",
    "es": """Mi abuela prepara buen pan para toda la familia. Vamos a ver si el viejo barco puede volver al puerto.
Por favor, no me hables mientras conduzco el coche. Un hombre muy alto bajó del último tren de la noche.
Fuimos juntos al mercado y compramos uvas, fresas y queso. ¿Quién ha abierto la ventana del cuarto de baño?
El jefe quiere que trabajemos hasta las nueve. Llovía mucho cuando llegaron los primeros invitados.""",
    "it": """Mia mamma prepara sempre il pane bianco e il vino buono. Vorrei vedere il fiume prima che faccia buio.
Il vecchio pescatore butta la barca nel mare profondo. Perché non mi hai mai parlato di questa famiglia?
Gli uomini lavorano fino a mezzanotte dietro la chiesa. Due ragazzi giocano a palla vicino alla fontana.
Domani mattina compriamo uva, mele, pesche e formaggio. Che cosa vuoi fare quando torni a casa?""",
    "cs": """Moje babička peče v pátek výborné buchty s povidly. Velký bílý pes běží přes most do lesa.
Kdy přijede první vlak z Brna do Prahy? Přišel jsem domů a zavřel jsem za sebou dveře. Půjdeme spolu na procházku podél
řeky. Můj bratr hraje každý večer na housle. Prosím vás, kolik stojí ten modrý kufr? V zimě bývá u nás hodně sněhu.""",
    "ru": """Пять больших пароходов вышли вечером из порта. Моя бабушка любит пить чай с вишнёвым вареньем.
Почему вы не верите тому, что вам говорят? Мы быстро перебежали через мост и повернули направо.
Белый туман медленно поднимается над широкой рекой. Завтра утром приедут наши новые соседи из Вологды.
Жаль, что фильм уже кончился, было очень смешно. Купи, пожалуйста, молока, хлеба и яблок.""",
    "fi": """Minun äitini leipoo perjantaina hyvää ruisleipää. Vanha mies pyöräilee hitaasti metsän halki.
Miksi sinä et puhu meille totuutta? Pöydällä on kuppi kahvia ja pala voileipää. Lumi peittää pellot ja järvet koko
talven. Kuusi pientä poikaa hyppäsi yhtä aikaa veteen. Huomenna menemme yhdessä katsomaan uutta elokuvaa.
Yöllä tuuli humisee korkeiden puiden latvoissa.""",
    "ca": """La meva mare prepara pa amb tomàquet per sopar. El vell pescador va veure un vaixell blau prop del port.
Per què no em vols dir què ha passat aquesta nit? Vuit homes pugen a poc a poc cap a la muntanya. Demà comprarem
peix, formatge, raïm i vi bo. Obre la finestra, que fa molta calor aquí dins. Els meus amics juguen a futbol.
Fa fred i plou, però els nens volen sortir a jugar.""",
    "ja": """はは わ まいあさ パン と ぎゅうにゅう お かいます。 わたし の へや の まど から ふじさん が みえます。
あした わ ともだち と えいが お みに いく つもり です。 どうして そんなに はやく おきた の ですか。 まだ だれも
きて いません。 えきまえ の ふるい ほんや で めずらしい ほん お みつけました。 ゆうがた から あめ が ふりはじめて
とても さむく なりました。 ふゆ に なると この むら わ ゆき に おおわれます。 ふたり で しずかに うみ お
ながめました。 もう いちど ゆっくり はなして ください。 バス の うんてんしゅ わ みち お よく しって います。 ぼく
わ ゆうべ びょういん で ちいさな ねこ お みました。 ぶどう と もも お ふくろ に いれて、 いもうと に わたしました。
つくえ の うえ に ペン が ろっぽん あります。""",
    "zh": """wo3 ma1 ma5 mei3 tian1 zao3 shang4 mai3 mian4 bao1 he2 niu2 nai3. ming2 tian1 wo3 men5 yi4 qi3 qu4 kan4
dian4 ying3. bei3 fang1 de5 dong1 tian1 feng1 hen3 da4, ye3 chang2 chang2 xia4 xue3. qing3 ni3 ba3 men2 guan1
shang4, wai4 mian4 tai4 leng3 le5. ta1 bu4 hui4 shuo1 fa3 yu3, ke3 shi4 ta1 ming2 bai5 wo3 de5 yi4 si5. lao3 shi1
wen4 wo3 men5 wei4 shen2 me5 mei2 you3 fu4 xi2. xiao3 peng2 you5 men5 zai4 gong1 yuan2 li3 pao3 bu4, wan2 de5 fei1
chang2 gao1 xing4. zhuo1 zi5 shang4 fang4 zhe5 wu3 ben3 shu1. huo3 che1 ba1 dian3 ban4 cong2 shang4 hai3 chu1 fa1,
zhong1 wu3 dao4 bei3 jing1. jin1 tian1 de5 tian1 qi4 bi3 zuo2 tian1 hao3 duo1 le5. wo3 bu4 zhi1 dao4 ta1 shen2 me5
shi2 hou5 hui2 lai2. ba4 ba5 gei3 mei4 mei5 mai3 le5 yi2 jian4 piao4 liang5 de5 mao2 yi1. yue4 liang5 zhao4 zai4
hu2 mian4 shang4, feng1 jing3 mei3 ji2 le5. ni3 men5 bu2 yao4 pa4, wo3 hui4 bao3 hu4 ni3 men5.""",
    "pt": """A minha mãe prepara um bom pão para a família. Vamos ver se o velho barco volta ao porto hoje.
Por favor, feche a janela, que faz muito frio aqui. Um homem alto abriu a porta e falou baixinho.""",
    "pl": """Moja babcia piecze w piątek pyszne bułki z powidłami. Wielki biały pies biegnie przez most do lasu.
Kiedy przyjedzie pierwszy pociąg z Krakowa? Proszę zamknąć okno, bo bardzo wieje.""",
    "tr": """Annem her sabah büyük bir ekmek pişirir. Bu akşam bizimle sinemaya gelmek ister misin?
Küçük bir kuş pencerenin önünde ötüyor. Babam bahçede mavi bir bisiklet buldu.""",
    "hi": """मेरी माँ हर सुबह ताज़ी रोटी बनाती है। हम कल शाम को फ़िल्म देखने जाएँगे। बाहर बहुत बारिश हो रही है, खिड़की बंद करो।
पापा बाज़ार से फूल और आम लाए।""",
}
"""Written for this project. espeak-ng reads Japanese as kana and Mandarin as pinyin alone: of a character it says what
kind of letter it is, in English."""


def sentences(language: str) -> list[str]:
    """All that is to be said in a language, own sentences first."""
    own = _divided(SENTENCES[language])
    found = [FORTUNES / name for name in FORTUNE_FILES.get(language, ())]
    return own + [text for path in found if path.is_file() for text in _fortunes(path)]


def endless(language: str, seed: int) -> Iterator[str]:
    """Sentences in random order; every other one is words drawn from all of them."""
    rng = np.random.default_rng(seed)
    texts = sentences(language)
    words = sorted({word for text in texts for word in re.findall(r"[^\W\d_]+[1-5]?", text)})
    while True:
        yield texts[rng.integers(len(texts))]
        yield " ".join(rng.choice(words, rng.integers(5, 11)))


def _divided(text: str) -> list[str]:
    joined = " ".join(text.split())
    parts = (part.strip() for part in re.split(r"(?<=[.?!।。？])\s*", joined))
    return [part for part in parts if part]


def _fortunes(path: Path) -> list[str]:
    """Sayings that a synthesiser reads as written: letters and plain stops alone, one sentence each."""
    texts = []
    for saying in path.read_text(encoding="utf-8", errors="ignore").split("\n%\n"):
        said = re.split(r"\n\s*(?:--|\()", saying)[0]
        for sentence in _divided(said):
            if 15 <= len(sentence) <= LONGEST and re.fullmatch(r"[^\W\d_][^\d_<>@#*/\\|=+~^\[\]{}\"]*", sentence):
                texts.append(sentence)
    return texts
