"""Containers that may be opened, by the kind of address: allow-lists of FFmpeg's names.

Absent is everything that opens further files or addresses: playlists (hls, dash, concat), lists of pictures (image2),
session descriptions (sdp), packages (imf), generators (lavfi), and companions of other files (vobsub, mlv).
"""

_SHARED = (
    "mpegts,mpegtsraw,flv,live_flv,matroska,webm,mov,mp4,ogg,mpeg,mpjpeg,mpjpeg_2,mjpeg,mjpeg_2000,h264,hevc,av1,obu,"
    "ivf,nut,avi,yuv4mpegpipe,mpegvideo,m4v,asf"
)
STREAM_FORMATS = f"{_SHARED},rtsp,rtp"
"""What may come over a network or through a pipe."""
FILE_FORMATS = (
    f"{_SHARED},m4a,3gp,3g2,mj2,mxf,gxf,dv,vob,vc1,vvc,h263,h261,rm,wtv,apng,gif,swf,nsv,amv,dirac,avs2,avs3,evc,"
    "cavsvideo,lxf,pva,xmv,avs,image2pipe,png_pipe,jpeg_pipe,jpegls_pipe,j2k_pipe,bmp_pipe,tiff_pipe,webp_pipe,"
    "jpegxl_pipe,jpegxl_anim,exr_pipe,dpx_pipe,ppm_pipe,pgm_pipe,aac,mp3,flac,wav,aiff,ac3,eac3"
)
"""What a file may be. Pictures and sound alone are opened, too, so that it can be said what they are."""
FILE_PROTOCOLS = "file"
"""The file itself, and no network."""
FILE_ONLY = {"protocol_whitelist": FILE_PROTOCOLS, "format_whitelist": FILE_FORMATS}
"""FFmpeg's options for opening a file."""
PIPE_FORMATS = f"{_SHARED},dv,vvc,vc1,h263,h261,cavsvideo,mxf,gxf,wtv,rm"
"""What a recorded video that comes through a pipe may be."""
