"""The words of the sampling lab: a plain sentence, the formula, and where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One word.

    Args:
        meaning: a plain sentence; Markdown.
        formula: in LaTeX; "" where there is none.
        legend: what the letters of the formula stand for; Markdown, `$…$` for letters.
        source: who wrote it first, or where it is described, with the year.
    """

    name: str
    meaning: str
    formula: str
    legend: str
    source: str


TERMS: tuple[Term, ...] = (
    Term(
        "Token",
        "The pieces that a model reads and writes: whole words, parts of words, signs; each has a "
        "number. Frequent words are one token, rare ones several.",
        r"\begin{gathered} \text{text} \;\longrightarrow\; (t_1, t_2, \dots, t_n) \\ "
        r"t_i \in \{0, \dots, V-1\} \end{gathered}",
        "$V$ is the size of the vocabulary, the number of different tokens.",
        "Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units, "
        "2016 (arXiv:1508.07909); over bytes: Radford et al., GPT-2, 2019",
    ),
    Term(
        "Logit",
        "The model's raw score for a token: any number, higher is likelier. For each place of an "
        "answer the model gives every token of its vocabulary one.",
        r"z_i \in \mathbb{R}, \quad i = 0, \dots, V-1",
        "$z_i$ is the logit of token $i$.",
        "The word: Berkson, Application of the Logistic Function to Bio-Assay, 1944",
    ),
    Term(
        "Softmax",
        "Turns scores into probabilities: each becomes positive, and together they are 100 %.",
        r"p_i = \frac{e^{z_i}}{\sum_{j} e^{z_j}}",
        "$p_i$ is the probability of token $i$, $z_i$ its logit.",
        "The name: Bridle, Probabilistic Interpretation of Feedforward Classification Network "
        "Outputs, 1990; the form is Boltzmann's, 1868",
    ),
    Term(
        "Temperature",
        "Divides the logits before softmax. Below 1 the likely tokens gain, above 1 the unlikely "
        "ones; near 0 only the likeliest is left.",
        r"p_i = \frac{e^{z_i / T}}{\sum_{j} e^{z_j / T}}",
        "$T$ is the temperature; for $T = 0$ the likeliest token is taken.",
        "Ackley, Hinton, Sejnowski: A Learning Algorithm for Boltzmann Machines, 1985",
    ),
    Term(
        "Top-k",
        "Keeps a fixed number of likeliest tokens and cuts off all others.",
        r"\text{keep } i \iff z_i \ge z_{(k)}",
        "$z_{(k)}$ is the $k$-th highest logit.",
        "Fan, Lewis, Dauphin: Hierarchical Neural Story Generation, 2018 (arXiv:1805.04833)",
    ),
    Term(
        "Top-p (nucleus sampling)",
        "Keeps the likeliest tokens that together reach a share, such as 90 %, and cuts off the "
        "rest: few where the model is sure, many where it is not.",
        r"\sum_{i \in S} p_i \ge p, \quad S \text{ as small as can be}",
        "$S$ are the tokens that are kept, $p$ is Top-p, $p_i$ the probability of token $i$ "
        "after temperature and Top-k.",
        "Holtzman et al.: The Curious Case of Neural Text Degeneration, 2020 (arXiv:1904.09751)",
    ),
    Term(
        "Min-p",
        "Keeps the tokens that are at least so likely, compared with the likeliest one.",
        r"\text{keep } i \iff p_i \ge p_{\min} \cdot \max_j p_j",
        "$p_{\\min}$ is Min-p; 0.1 cuts what is not even a tenth as likely as the likeliest.",
        "Nguyen et al.: Turning Up the Heat, Min-p Sampling for Creative and Coherent LLM "
        "Outputs, 2024 (arXiv:2407.01082)",
    ),
    Term(
        "Typical-p",
        "Keeps the tokens whose surprise is nearest to what is to be expected at this place, until "
        "they reach a share together. Even the likeliest one may go, where it would be too plain.",
        r"\begin{gathered} \text{sort by } \bigl|\, -\ln p_i - H \,\bigr|, \\ "
        r"\text{keep the first with } \sum p_i \ge \tau \end{gathered}",
        "$H$ is the entropy of this place, $\\tau$ is Typical-p.",
        "Meister, Pimentel, Wiher, Cotterell: Locally Typical Sampling, 2022 (arXiv:2202.00666)",
    ),
    Term(
        "Repetition penalty",
        "Makes every token less likely that already stands in the prompt or the answer, however "
        "long ago.",
        r"z_i \leftarrow \begin{cases} z_i / \theta & z_i > 0 \\ z_i \cdot \theta & z_i \le 0 "
        r"\end{cases}",
        "$\\theta$ is the penalty, $z_i$ the logit of a token that was said; 1 changes nothing.",
        "Keskar et al.: CTRL, 2019 (arXiv:1909.05858)",
    ),
    Term(
        "No-repeat n-gram",
        "Forbids to say the same n tokens in a row twice.",
        r"\begin{gathered} (t_{m-n+2}, \dots, t_m, i) \text{ was said} \\ "
        r"\Rightarrow\; z_i = -\infty \end{gathered}",
        "$t_m$ is the newest token, $i$ the one that would come next.",
        "Paulus, Xiong, Socher: A Deep Reinforced Model for Abstractive Summarization, 2017 "
        "(arXiv:1705.04304)",
    ),
    Term(
        "Entropy",
        "How open a place is: 0 where one token is certain, high where many are about as likely. "
        "One bit is a toss-up between two.",
        r"H = -\sum_i p_i \log_2 p_i \;\text{ bits}",
        "$p_i$ is the probability of token $i$.",
        "Shannon: A Mathematical Theory of Communication, 1948",
    ),
    Term(
        "Perplexity",
        "How surprised a model is by a text: among how many equally likely tokens it seemed to "
        "choose at each place. Lower is less surprised.",
        r"\mathrm{PPL} = \exp\Bigl(-\frac{1}{n} \sum_{m=1}^{n} \ln p_m\Bigr)",
        "$p_m$ is the probability that the model gave the $m$-th of the $n$ tokens of the text, "
        "having read those before it.",
        "Jelinek, Mercer, Bahl, Baker: Perplexity, a Measure of the Difficulty of Speech "
        "Recognition Tasks, 1977",
    ),
    Term(
        "Seed",
        "The number that the dice begin with. Computer dice are arithmetic: the same seed rolls "
        "the same, so the same prompt and settings give the same answer.",
        r"\begin{gathered} u_1, u_2, \dots = \mathrm{MT19937}(\text{seed}) \\ "
        r"\text{token} = \min\Bigl\{ i : \sum_{j \le i} p_j > u \Bigr\} \end{gathered}",
        "$u$ is between 0 and 1, a new one for each token.",
        "Matsumoto, Nishimura: Mersenne Twister, 1998",
    ),
    Term(
        "Greedy",
        "Always takes the likeliest token; no dice. Temperature 0 means this.",
        r"\text{token} = \arg\max_i \, z_i",
        "$z_i$ is the logit of token $i$, after the repetition penalty.",
        "Its dullness beside sampling: Holtzman et al., 2020 (arXiv:1904.09751)",
    ),
    Term(
        "Total variation distance",
        "How far counts are from chances: the share of the rolls that would have to be others for "
        "a perfect match. 0 is a match, 1 is nothing in common.",
        r"d = \tfrac{1}{2} \sum_i \Bigl| \frac{n_i}{n} - p_i \Bigr|",
        "$n_i$ of $n$ rolls fell on token $i$.",
        "Levin, Peres, Wilmer: Markov Chains and Mixing Times, 2009, section 4.1",
    ),
)
