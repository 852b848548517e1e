# SPDX-License-Identifier: Apache-2.0
"""Classes of nodes: ours, those that are rendered here, those that are Nuke's own, and whatever else."""

from __future__ import annotations

import re

OURS, DONE, SHOWN = "ours", "rendered here", "changes no picture"
NUKE, OTHER_OFX, UNKNOWN = "Nuke's own", "another OFX plug-in", "gizmo or plug-in"
_OURS = re.compile(r"ofxorg\.ofxlipsync\.(\w+?)_v(\d+)", re.IGNORECASE)
LABELS = {
    name.lower(): name
    for name in ("FaceDetect", "AudioFeature", "MouthGenerate", "Blend", "LipSync", "Portrait", "Character",
                 "SyncMeter", "Resync", "Fill")
}  # fmt: skip

ROOT_DEFAULTS = {"first_frame": 1.0, "last_frame": 100.0, "fps": 24.0, "frame": 1.0}
"""Of a project that does not say."""

SILENT = ("BackdropNode", "StickyNote", "Viewer", "Root", "PostageStamp", "Preferences")
"""They change no picture, and nothing is rendered through most of them."""
PASSED = ("Dot", "NoOp", "PostageStamp", "Output", "Viewer")
GRAPH = (
    *PASSED, "Read", "Write", "Merge2", "Merge", "Reformat", "Crop", "FrameRange", "TimeOffset", "FrameHold", "Shuffle",
    "Shuffle2", "Copy", "Switch", "Group", "LiveGroup", "Gizmo", "Input",
)  # fmt: skip
"""What a dub graph may be made of, besides our own nodes."""

_NUKE = """
Add AddChannels AddMix AddTimeCode AdjBBox AmbientOcclusion AppendClip ApplyMaterial Assert AudioRead AutoCrop Axis
Axis2 Axis3 BasicMaterial Bezier Bilateral BlackOutside Blend BlendMat BlinkScript Blocky Blur BumpBoss BurnIn
CCorrect Camera Camera2 Camera3 Camera4 CameraShake CameraTracker Card Card2 Card3D ChannelMerge CheckerBoard
CheckerBoard2 ChromaKeyer Clamp ClipTest ColorBars ColorCorrect ColorLookup ColorMatrix ColorSpace ColorSuppress
ColorTransfer ColorWheel Colorspace CompareMetaData Constant ContactSheet Convolve Convolve2 CopyBBox CopyCat
CopyMetaData CopyRectangle CornerPin2D Cryptomatte Cube CurveTool Cylinder DeepColorCorrect DeepColorCorrect2 DeepCrop
DeepExpression DeepFromImage DeepHoldout2 DeepMerge DeepRead DeepRecolor DeepReformat DeepToImage DeepTransform
DeepWrite Defocus DegrainBlue DegrainSimple Denoise2 DepthToPoints DepthToPosition Difference Diffuse Dilate
DirBlurWrapper DirectLight DisplaceGeo Displacement Dissolve Dither DropShadow DustBust EXPTool EdgeBlur
EdgeDetectWrapper EdgeExtend EdgeScatter EditGeo Emboss Encryptomatte EnvironLight Erode Exposure Expression FFT
FSTitle F_Regrain Fill FillMat FilterErode Flare Flip FrameBlend FrameHold Gamma GenerateLUT GenerateLUTGeo GeoExport
GeoImport GeoSelect Glint Glow Glow2 God GodRays Grade Grain2 Grid GridWarp3 HistEQ Histogram HueCorrect HueKeyer
HueShift IBKColourV3 IBKGizmoV3 IDistort Inference Inpaint2 InvFFT Invert JoinViews Kaleidoscope Kernel Keyer Keylight
Keymix Kronos Laplacian LayerContactSheet LensDistortion LensDistortion2 LevelSet Light Light2 LightWrap Link
LiveInput Log2Lin LogGeo LookupGeo MarkerRemoval MatchGrade Matrix Median MergeExpression MergeGeo MergeMat MinColor
Mirror Mirror2 Missing MixViews ModelBuilder ModifyMetaData MotionBlur2D MotionBlur3D MultiTexture MultiView Multiply
NoTimeBlur NodeWrapper Noise Normals OCIOCDLTransform OCIOColorSpace OCIODisplay OCIOFileTransform OCIOLogConvert
OCIOLookTransform OFlow2 OneView PLogLin ParticleBounce ParticleCache ParticleCurve ParticleDirectionalForce
ParticleDrag ParticleEmitter ParticleExpression ParticleGravity ParticleMerge ParticleMotionAlign ParticleSettings
ParticleSpawn ParticleToImage ParticleTurbulence ParticleWind PerspDistort Phong PhotoLab PointCloudGenerator
PointLight Position PositionToPoints PositionToPoints2 Posterize Precomp Premult Primatte3 ProceduralNoise Profile
Project3D Project3D2 Projector PythonGeo Radial Ramp RayRender ReConverge ReLight ReadGeo2 Reconcile3D Rectangle
Reflection Relight Remove Retime RolloffContrast Roto RotoPaint STMap Sampler Saturation ScanlineRender
ScanlineRender2 ScannedGrain Scene Sharpen ShuffleCopy ShuffleViews SideBySide SmartVector SoftClip SoftLight Soften
Sparkles Specular Sphere SphericalTransform SphericalTransform2 SplineWarp3 Spotlight TemporalMedian Text Text2 Tile
TimeBlur TimeClip TimeDissolve TimeEcho TimeWarp Toe2 Tracker3 Tracker4 Trail Transform TransformGeo TransformMasked
Trilinear Truelight3 Twist UVProject Unpremult UnrealReader Upscale VariableGroup VariableSwitch VectorBlur
VectorBlur2 VectorCornerPin VectorDistort VectorGenerator Vectorfield ViewMetaData ViewerProcess VolumeRays Wireframe
WriteGeo ZBlur ZDefocus2 ZMerge ZSlice
"""
NUKES_OWN = frozenset((*_NUKE.split(), *GRAPH, *SILENT))
"""Names as scripts have them; the list is as good as it can be without Nuke."""


def engine_node(kind: str) -> str | None:
    """The label of one of our nodes (`Blend`) by its class, in any case of letters."""
    match = _OURS.fullmatch(kind)
    return LABELS.get(match[1].lower()) if match else None


def version(kind: str) -> int:
    match = _OURS.fullmatch(kind)
    return int(match[2]) if match else 0


def origin(kind: str) -> str:
    """Where a class comes from."""
    if engine_node(kind) is not None:
        return OURS
    if kind in SILENT:
        return SHOWN
    if kind in GRAPH:
        return DONE
    if kind in NUKES_OWN:
        return NUKE
    return OTHER_OFX if kind.upper().startswith("OFX") else UNKNOWN
