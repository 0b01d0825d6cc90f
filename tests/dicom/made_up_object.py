"""A Video Endoscopic object around a real film, as a recorder of an operating room would make it."""

from pathlib import Path

from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

VIDEO_ENDOSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
H264_41 = "1.2.840.10008.1.2.4.102"


def write_object(
    path: Path, video: bytes, *, width: int, height: int, frames: int, syntax: str = H264_41, fragments: int = 1
) -> None:
    """Write the object; ``fragments`` cuts its video, as the fragmentable transfer syntaxes allow."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(VIDEO_ENDOSCOPIC)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = UID(syntax)
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.update(_identity(meta.MediaStorageSOPInstanceUID))
    made.Rows, made.Columns, made.NumberOfFrames = height, width, frames
    made.SamplesPerPixel, made.PlanarConfiguration, made.PixelRepresentation = 3, 0, 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PhotometricInterpretation = "YBR_PARTIAL_420"
    made.CineRate, made.FrameTime, made.FrameIncrementPointer = 25, "40", Tag("FrameTime")
    made.LossyImageCompression, made.LossyImageCompressionRatio = "01", "20"
    made.LossyImageCompressionMethod = "ISO_14496_10"
    made.PixelData = encapsulate([video], fragments_per_frame=fragments, has_bot=False)
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    made.save_as(path, enforce_file_format=True)


def write_plain_object(path: Path) -> None:
    """Write an object that holds a still picture."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(VIDEO_ENDOSCOPIC), generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.update(_identity(meta.MediaStorageSOPInstanceUID))
    made.save_as(path, enforce_file_format=True)


def _identity(instance: str) -> Dataset:
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = VIDEO_ENDOSCOPIC, instance
    made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "Doe^Jane", "42", "19700101", "F"
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.StudyDate, made.StudyTime, made.StudyID, made.AccessionNumber = "20260101", "101500", "1", "7"
    made.SeriesNumber, made.InstanceNumber, made.Modality = 3, 1, "ES"
    made.ReferringPhysicianName, made.Manufacturer = "", "Made up"
    made.Laterality, made.PatientOrientation = "", ""
    made.ImageType = ["ORIGINAL", "PRIMARY"]
    made.ContentDate, made.ContentTime = "20260101", "101501"
    made.AcquisitionContextSequence = []
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "818983003", "SCT", "Abdomen"
    made.AnatomicRegionSequence = [region]
    made.BurnedInAnnotation = "YES"
    return made
