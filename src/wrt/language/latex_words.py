r"""What LaTeX commands and Unicode characters are, as data: Greek letters, fonts, accents, signs, wrappers, spaces."""

from __future__ import annotations

GREEK: dict[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "vartheta": "θ", "iota": "ι", "kappa": "κ", "varkappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π",
    "varpi": "π", "rho": "ρ", "varrho": "ρ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "varGamma": "Γ", "varDelta": "Δ", "varTheta": "Θ", "varLambda": "Λ", "varSigma": "Σ", "varPhi": "Φ",
    "varPsi": "Ψ", "varOmega": "Ω", "ell": "ℓ", "imath": "i", "jmath": "j",
}  # fmt: skip
SPELLED = {"ϵ": "ε", "ϕ": "φ", "ϑ": "θ", "ϱ": "ρ", "µ": "μ", "∆": "Δ", "ℓ": "ℓ"}

UPRIGHT = frozenset(
    "mathrm text textrm textnormal textup mathsf textsf mathtt texttt operatorname operatorname* mbox hbox mathop mathit textit mathnormal".split()
)
PROSE = frozenset("text textrm textnormal textup textsf texttt textit mbox hbox".split())  # those in which a space is a space
FONTS: dict[str, str] = {
    **dict.fromkeys(UPRIGHT, "upright"),
    **dict.fromkeys("mathbf boldsymbol bm textbf pmb vb symbf mathbfit mathbfsf bold vectorbold".split(), "bold"),
    **dict.fromkeys("mathcal mathscr mathfrak".split(), "cal"),
    **dict.fromkeys("mathbb mathds mathbbm".split(), "bb"),
    **dict.fromkeys("vec overrightarrow underline".split(), "vec"),
}
SWITCHES = {
    "rm": "upright",
    "sf": "upright",
    "tt": "upright",
    "mathrm": "upright",
    "bf": "bold",
    "boldmath": "bold",
    "cal": "cal",
    "it": "",
    "normalfont": "",
}
ACCENTS = {
    "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde", "dot": "dot", "ddot": "ddot", "check": "check",
    "widecheck": "check", "breve": "breve", "acute": "acute", "grave": "grave", "mathring": "ring",
}  # fmt: skip
COMBINING = {
    "\u0302": "hat",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0303": "tilde",
    "\u0307": "dot",
    "\u0308": "ddot",
    "\u030c": "check",
    "\u0306": "breve",
    "\u20d7": "vec",
}

SIZED: dict[str, str] = {
    "left": "left", "right": "right", "middle": "",
    **{f"{size}{side}": name for size in ("big", "Big", "bigg", "Bigg") for side, name in (("", ""), ("l", "open"), ("r", "close"), ("m", ""))},
}  # fmt: skip
IGNORED = frozenset(
    "square blacksquare qed qedhere limits nolimits displaystyle textstyle scriptstyle scriptscriptstyle nonumber notag quad qquad enspace thinspace negthinspace medspace thickspace strut mathstrut "
    "tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge mathord mathbin mathrel mathopen mathclose mathpunct centering noindent hfill hfil hline allowbreak nobreak newline relax protect ensuremath boxed smash allowdisplaybreaks "
    "par left. right.".split()
) - {"quad", "qquad", "newline"}
SKIPPED = frozenset(
    "label tag eqref ref cite citep citet color hspace vspace phantom hphantom vphantom mspace hskip kern mkern mskip vskip footnote".split()
)
EQUATIONS = frozenset(
    "equation align gather multline eqnarray displaymath math split aligned alignedat alignat gathered flalign dmath document subequations".split()
)

SYNONYMS: dict[str, str] = {
    **dict.fromkeys(("leq", "leqslant", "leqq"), "le"),
    **dict.fromkeys(("geq", "geqslant", "geqq"), "ge"),
    "neq": "ne",
    **dict.fromkeys(("dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"), "frac"),
    **dict.fromkeys(("transpose", "transp", "T", "tp", "trans", "intercal", "Tra", "tran"), "top"),
    **dict.fromkeys(("circledcirc", "hadamard", "Hadamard", "had"), "odot"),
    **dict.fromkeys(("rightarrow", "longrightarrow", "Rightarrow", "implies", "Longrightarrow", "leadsto"), "to"),
    **dict.fromkeys(("longmapsto",), "mapsto"),
    **dict.fromkeys(("coloneqq", "triangleq", "equiv", "doteq", "eqdef", "coloneq", "vcentcolon", "defeq"), "coloneqq"),
    **dict.fromkeys(("dots", "cdots", "dotsc", "dotsb", "dotsm", "dotsi", "dotso", "vdots", "ddots", "hdots", "ldotp", "adots", "iddots"), "ldots"),
    **dict.fromkeys(("land", "wedge"), "and"),
    "bullet": "bullet",
    "qquad": "quad",
    "newline": "newline",
    "dag": "dagger",
    "lambda_": "lambda",
    "infin": "infty",
    "argmin": "argmin",
    "argmax": "argmax",
    "iff": "to",
    "oint": "int",
    "iint": "int",
    "iiint": "int",
    "E": "E",
}

# a sign and, for brackets, its side
OPERATORS: dict[str, tuple[str, str]] = {
    "lvert": ("|", "open"), "rvert": ("|", "close"), "vert": ("|", ""), "mid": ("|", "mid"),
    "lVert": ("||", "open"), "rVert": ("||", "close"), "Vert": ("||", ""), "parallel": ("||", ""),
    "langle": ("langle", ""), "rangle": ("rangle", ""), "lbrace": ("\\{", ""), "rbrace": ("\\}", ""), "lbrack": ("[", ""), "rbrack": ("]", ""),
    "lparen": ("(", ""), "rparen": (")", ""), "lt": ("<", ""), "gt": (">", ""), "colon": (":", ""), "slash": ("/", ""), "prime": ("'", ""),
    "lgroup": ("(", ""), "rgroup": (")", ""), "cdotp": ("·", ""), "cdot": ("·", ""), "times": ("×", ""), "ast": ("*", ""), "semicolon": (";", ""),
}  # fmt: skip

_COMMANDS = {
    "∑": "sum", "∏": "prod", "√": "sqrt", "∥": "Vert", "‖": "Vert", "∣": "vert", "⊤": "top", "⊺": "top", "⊙": "odot", "∘": "circ", "⊗": "otimes", "⊘": "oslash",
    "·": "cdot", "⋅": "cdot", "∙": "cdot", "×": "times", "≤": "le", "⩽": "le", "≥": "ge", "⩾": "ge", "≠": "ne", "∞": "infty", "∈": "in", "⟨": "langle", "⟩": "rangle",
    "〈": "langle", "〉": "rangle", "′": "prime", "∂": "partial", "∇": "nabla", "∫": "int", "…": "ldots", "⋯": "ldots", "⋮": "ldots", "⋱": "ldots", "≈": "approx", "∝": "propto",
    "±": "pm", "∓": "mp", "→": "to", "↦": "mapsto", "≡": "coloneqq", "≜": "coloneqq", "≔": "coloneqq", "†": "dagger", "∗": "ast", "⋆": "star", "∀": "forall", "∼": "sim",
    "⊕": "oplus", "⊖": "ominus", "∪": "cup", "∩": "cap", "⊂": "subset", "÷": "div", "∧": "and", "⟂": "perp", "⊥": "perp",
}  # fmt: skip
UNICODE: dict[str, tuple[tuple[str, str], ...]] = {
    **{c: (("command", word),) for c, word in _COMMANDS.items()},
    "−": (("op", "-"),),
    "–": (("op", "-"),),
    "∕": (("op", "/"),),
    "⁄": (("op", "/"),),
    "’": (("op", "'"),),
    "‘": (("op", "'"),),
    "½": (("command", "frac"), ("number", "1"), ("number", "2")),
    "¼": (("command", "frac"), ("number", "1"), ("number", "4")),
    "¾": (("command", "frac"), ("number", "3"), ("number", "4")),
    "⅓": (("command", "frac"), ("number", "1"), ("number", "3")),
    "⅔": (("command", "frac"), ("number", "2"), ("number", "3")),
    "∛": (("command", "sqrt"), ("op", "["), ("number", "3"), ("op", "]")),
    "∜": (("command", "sqrt"), ("op", "["), ("number", "4"), ("op", "]")),
    "ℝ": (("command", "R"),),
    "𝟙": (("command", "one"),),
    "𝟏": (("command", "one"),),
    "𝟎": (("command", "zero"),),
}

# commands that no operand starts with
ENDING = frozenset(
    "le ge ne succ succeq prec preceq in notin quad and or to mapsto coloneqq approx sim propto forall over middle pm mp star div oplus ominus cup cap subset setminus perp".split()
)
