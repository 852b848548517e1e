# SPDX-License-Identifier: Apache-2.0
"""LipSync for Natron: FaceDetect, AudioFeature, MouthGenerate and Blend as one node with the artist's params on top.

A PyPlug: put this folder on NATRON_PLUGIN_PATH. What is on top are aliases of the nodes' own params, so that values,
ranges and keys are theirs. LipSyncExt.py holds the names, made from the plug-in's declarations.
"""

import inspect

import LipSyncExt as ext

PAGE = "lipsync"
RANGES = ("Minimum", "Maximum", "DisplayMinimum", "DisplayMaximum")

if not hasattr(inspect, "getargspec"):
    # Natron asks for it before each callback, and Python 3.11 dropped it: without, no button would do anything.
    inspect.getargspec = inspect.getfullargspec


def getPluginID():
    return "org.ofxlipsync.pyplug"


def getLabel():
    return "LipSync Group"


def getVersion():
    return 1


def getIconPath():
    return "LipSync.png"


def getGrouping():
    return "LipSync"


def getPluginDescription():
    return "Makes a mouth say a line: name the analysis file and the line, press Analyse, look at the result."


def createInstance(app, group):
    nodes = createNodes(app, group)
    connect(nodes)
    createParams(group, nodes)
    for name, values in ext.PASSES.items():
        for param, value in values.items():
            put(nodes[name].getParam(param), value)
    group.getParam("onParamChanged").setValue("LipSync.paramChanged")
    takesHoldout = nodes["Blend"].getParam("enableMask_Holdout")  # Natron's own, for inputs that are mattes
    if takesHoldout is not None:
        takesHoldout.setValue(True)


def createNodes(app, group):
    nodes = {}
    for row, (name, identifier, _) in enumerate(ext.NODES):
        nodes[name] = create(app, group, identifier, name, 0, 150 * (row + 1))
    for row, name in enumerate(("Source", "Holdout")):
        nodes[name] = create(app, group, "fr.inria.built-in.Input", name, 220 * row, 0)
    nodes["Holdout"].getParam("optional").setValue(True)
    nodes["Output"] = create(app, group, "fr.inria.built-in.Output", "Output1", 0, 150 * (len(ext.NODES) + 1))
    return nodes


def create(app, group, identifier, name, x, y):
    node = app.createNode(identifier, 1, group)
    if node is None:
        raise RuntimeError(f"LipSync: there is no node {identifier}; install the plug-in: lipsync install")
    node.setScriptName(name)
    node.setLabel(name)
    node.setPosition(x, y)
    return node


def connect(nodes):
    """Down the chain into Blend's mouth; the plate and the holdout go to Blend as they are."""
    above = nodes["Source"]
    for name in ext.CHAIN:
        nodes[name].connectInput(0, above)
        above = nodes[name]
    for index, source in enumerate((nodes["Source"], above, nodes["Holdout"])):
        nodes["Blend"].connectInput(index, source)
    nodes["Output"].connectInput(0, nodes["Blend"])


def createParams(group, nodes):
    page = group.createPageParam(PAGE, "LipSync")
    addChoice(group, page, "view", [(view, "") for view in ext.SEEN], "What is shown.")
    addChoice(group, page, "preset", list(ext.ABOUT.items()), "Settings for a use; press Apply, then Analyse.")
    for name, label in (("apply_preset", "Apply"), ("analyse", "Analyse")):
        addParam(page, group.createButtonParam(name, label))
    for heading, entries in ext.TOP:
        for name, param, text in entries:
            addAlias(group, page, nodes[name], param, text)
        page.addParam(group.createSeparatorParam("after_" + heading.lower(), ""))
    addParam(page, versionParam(group))
    group.setPagesOrder([PAGE, "Node", "Settings"])
    group.refreshUserParamsGUI()


def addChoice(group, page, name, options, text):
    choice = group.createChoiceParam(name, name)
    choice.setOptions(options)
    choice.setHelp(text)
    addParam(page, choice)


def versionParam(group):
    version = group.createStringParam("lipsync_version", "version")
    version.setValue(ext.VERSION)
    version.setEnabled(False)
    return version


def addParam(page, param):
    param.setEvaluateOnChange(False)
    page.addParam(param)


def addAlias(group, page, node, name, text):
    """A param on top that is the node's own: made of the same type, as an alias must be."""
    inner = node.getParam(name)
    if inner is None:
        raise RuntimeError(f"LipSync: {node.getLabel()} has no param {name}; the plug-in is of another version")
    kind = type(inner).__name__
    param = getattr(group, "create" + kind)(name, name.replace("_", " "))
    param.setHelp(text)
    page.addParam(param)
    value = inner.getValue()
    for limit in RANGES:
        if hasattr(param, "set" + limit):
            getattr(param, "set" + limit)(getattr(inner, "get" + limit)(0))  # of the one dimension
    if not param.setAsAlias(inner):
        raise RuntimeError(f"LipSync: {name} cannot stand for {node.getLabel()}'s, of type {kind}")
    for setting in ("setDefaultValue", "setValue"):  # an alias rules its node, which would go to zero
        getattr(param, setting)(value)


def paramChanged(thisParam, thisNode, thisGroup, app, userEdited):
    name = thisParam.getScriptName()
    if name == "analyse":
        share(thisNode)
        for inner in ext.CHAIN:
            thisNode.getNode(inner).getParam("analyse").trigger()
    elif name == "apply_preset":
        applyPreset(thisNode)
    elif name == "view":
        look(thisNode, list(ext.SEEN)[thisParam.getValue()])
    elif name in ext.SHARED:
        share(thisNode)


def look(group, view):
    """The output comes from the node that shows the view; the others go back to their result."""
    shows, own = ext.SEEN[view]
    for name in {name for name, _ in ext.SEEN.values()}:
        put(group.getNode(name).getParam("view"), own if name == shows else "result")
    output = group.getNode("Output1")
    output.disconnectInput(0)
    output.connectInput(0, group.getNode(shows))


def share(group):
    """What is set once on top is the same on every node that has it."""
    for name, nodes in ext.SHARED.items():
        value = group.getNode(nodes[0]).getParam(name).getValue()
        for other in nodes[1:]:
            param = group.getNode(other).getParam(name)
            if param.getValue() != value:
                param.setValue(value)


def applyPreset(group):
    """Through the param on top where there is one: what an alias rules takes no value of its own."""
    use = list(ext.ABOUT)[group.getParam("preset").getValue()]
    onTop = [(node, name) for _, entries in ext.TOP for node, name, _ in entries]
    for node, values in ext.PRESETS[use].items():
        for name, value in values.items():
            owner = group if (node, name) in onTop else group.getNode(node)
            put(owner.getParam(name), value)


def put(param, value):
    """A value, or a choice by its name."""
    if isinstance(value, str) and hasattr(param, "getNumOptions"):
        options = [param.getOption(index) for index in range(param.getNumOptions())]
        value = options.index(value)
    param.setValue(value)
